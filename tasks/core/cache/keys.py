"""The cache key of a step: its inputs, the code it rests on, and the libraries that decide numbers.

Inputs are JSON values, settings and artifacts. Artifacts count by their digest, settings fields marked
`Contents` by what lies at their path, fields marked `NotInKey` not at all. Anything else is an error:
a type this module does not know could compare equal by accident.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from pydantic import BaseModel

from tasks.core.cache.code import ROOT, code_digests
from tasks.core.cache.code import libraries as imported_libraries
from tasks.core.cache.digests import contents, digest_of_json
from tasks.core.cache.store import FORMAT, Artifact, Store, read_json, write_json
from tasks.core.competition import method_module_name
from tasks.core.config import Contents, NotInKey
from tasks.core.places import expand

NAMED_WEIGHTS = ("imagenet", "none")
"""Values of a `Contents` field that name something other than a path."""


class Key(NamedTuple):
    """A step's identity and what it is made of, so that two keys can be compared part by part."""

    step: str
    inputs: dict[str, Any]
    code: dict[str, str]
    libraries: dict[str, str]

    @property
    def digest(self) -> str:
        return digest_of_json([FORMAT, self.step, self.inputs, self.code, self.libraries])


def make_key(
    step: str,
    arguments: dict[str, Any],
    *,
    module: str,
    uses: tuple[str, ...],
    libraries: tuple[str, ...],
    store: Store,
) -> Key:
    """The key of one call of a step.

    Args:
        module: the module of the step.
        uses: files of the competition given as an argument; `{method}.training` is the file of the method that
            the settings given as `recipe` name, and of none where they name no method.
        libraries: installed packages whose version decides the result, beside those that the code imports.
    """
    code = code_digests(module, tuple(_used_modules(uses, arguments)))
    names = sorted({*libraries, *imported_libraries(tuple(code))})
    return Key(
        step=step,
        inputs={name: canonical(value, name, store) for name, value in arguments.items()},
        code=code,
        libraries={name: library_version(name) for name in names},
    )


def _used_modules(uses: Iterable[str], arguments: Mapping[str, Any]) -> Iterator[str]:
    competition, method = arguments.get("competition", ""), getattr(arguments.get("recipe"), "method", None)
    for name in uses:
        folder, _, file = name.rpartition(".")
        if folder != "{method}":
            yield f"tasks.{competition}.{name}"
        elif method is not None:
            module = method_module_name(competition, method, file)
            if (
                ROOT / f"{module.replace('.', '/')}.py"
            ).is_file():  # TRANSITION: until all methods have folders
                yield module


def canonical(value: Any, name: str, store: Store) -> Any:
    """The value as JSON that is equal exactly when the step must not run again.

    Raises:
        TypeError: the value is of a type that does not belong into a step's inputs.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Artifact):
        return {"artifact": value.name}
    if isinstance(value, BaseModel):
        return _canonical_settings(value, name, store)
    if isinstance(value, list | tuple):
        return [canonical(item, f"{name}.{index}", store) for index, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: canonical(item, f"{name}.{key}", store) for key, item in value.items()}
    raise TypeError(
        f"step input {name}: expected JSON, settings or an Artifact, received {type(value).__name__}"
    )


def _canonical_settings(settings: BaseModel, name: str, store: Store) -> dict[str, Any]:
    result = {}
    for field, information in type(settings).model_fields.items():
        value = getattr(settings, field)
        if any(isinstance(mark, NotInKey) for mark in information.metadata):
            continue
        if any(isinstance(mark, Contents) for mark in information.metadata):
            result[field] = {"contents": _contents(value, store)}
        else:
            result[field] = canonical(value, f"{name}.{field}", store)
    return result


def named_paths(settings: BaseModel, name: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and value of every setting that names a file or folder."""
    for field, information in type(settings).model_fields.items():
        value, key = getattr(settings, field), f"{name}.{field}".lstrip(".")
        if any(isinstance(mark, Contents) for mark in information.metadata):
            if value and value not in NAMED_WEIGHTS:
                yield key, value
        elif isinstance(value, BaseModel):
            yield from named_paths(value, key)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from named_paths(item, f"{key}.{index}")


def _contents(value: str, store: Store) -> Any:
    """Digests of the files at a path; the value itself where it names no path."""
    if value in NAMED_WEIGHTS or not value:
        return value
    path = expand(value)
    memory_file = store.root / "fingerprints" / f"{digest_of_json(str(path))[:32]}.json"
    memory = read_json(memory_file) or {}
    before = dict(memory)
    found = contents(path, memory)
    if memory != before:
        write_json(memory_file, memory)
    return found


@lru_cache
def library_version(name: str) -> str:
    """Installed version of a library; `backend` stands for Keras's."""
    if name == "backend":
        return os.environ.get("KERAS_BACKEND", "tensorflow")
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
