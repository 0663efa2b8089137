"""Write settings as a preset: only what differs from the defaults.

The TOML is written here, since `tomli-w` puts each entry of an array on a line of its own.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import write_atomically
from tasks.core.config import Settings
from tasks.core.errors import InvalidSettings
from tasks.core.locations import display_path
from tasks.core.settings.overrides import merged

OMITTED = ("run", "search")
"""Settings of how a run uses the machine, and of the search that found the others."""


def write_preset(path: Path, settings: Settings, header: Sequence[str]) -> None:
    """Write a preset under `header` as comments; raises ValueError if it does not give the settings again."""
    body = text_of(settings)
    tree = merged(type(settings)().model_dump(mode="json"), tomllib.loads(body))
    again = type(settings).model_validate_json(json.dumps(tree))
    if again.model_dump(exclude=set(OMITTED)) != settings.model_dump(exclude=set(OMITTED)):
        raise ValueError(f"{path}: expected a preset that gives the settings again, received\n{body}")
    lines = [f"# {line}".rstrip() for line in header]
    write_atomically(path, ("\n".join([*lines, body.rstrip()]) + "\n").encode())


def raise_if_not_generated(path: Path, mark: str) -> None:
    """Raise InvalidSettings if a user has written the preset: if its header does not begin with the mark."""
    if path.exists() and not path.read_text("utf-8", "replace").startswith(f"# {mark}"):
        raise InvalidSettings(
            "study: expected a name that no preset of your own has, "
            f"received {path.stem!r} ({display_path(path)})"
        )


def text_of(settings: Settings) -> str:
    """The settings that differ from the defaults, as TOML."""
    tree = {
        name: value for name, value in _differences(type(settings)(), settings).items() if name not in OMITTED
    }
    return "\n".join(_lines(tree))


def _differences(default: BaseModel, settings: BaseModel) -> dict[str, Any]:
    """The fields that differ between two settings of one class; tables hold only their differing fields."""
    differences = {}
    for name in type(settings).model_fields:
        before, value = getattr(default, name), getattr(settings, name)
        if value != before:
            is_merged = isinstance(value, BaseModel) and isinstance(before, type(value))
            differences[name] = _differences(before, value) if is_merged else _plain(value)
    return differences


def _plain(value: Any) -> Any:
    """A value that replaces another one: settings in it differ from the defaults of their own classes."""
    if isinstance(value, BaseModel):
        return {
            name: _plain(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if field.is_required() or getattr(value, name) != field.get_default(call_default_factory=True)
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value


def _lines(tree: dict[str, Any], key: str = "") -> list[str]:
    """Lines of a table: first its values, then the tables in it, each under its heading."""
    values = {
        name: value for name, value in tree.items() if not isinstance(value, dict) and not _is_tables(value)
    }
    lines = [f"{_key(name)} = {_value(value)}" for name, value in values.items()]
    for name, value in tree.items():
        below = f"{key}.{_key(name)}".lstrip(".")
        if isinstance(value, dict):
            inner = _lines(value, below)
            needs_heading = not inner or not inner[0].startswith("\n[")  # else it holds tables only
            lines += [f"\n[{below}]"] * needs_heading + inner
        elif _is_tables(value):
            for each in value:
                lines += [f"\n[[{below}]]", *_lines(each, below)]
    return lines


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"preset: expected TOML values, received {value!r}")
