"""Folders of demo data: written whole or not at all, and never in place of files from elsewhere."""

import argparse
import filecmp
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tasks.core.errors import InvalidSettings
from tasks.core.files.stored_files import FileKind
from tasks.core.files.temporary import hidden_folder

MARKER = "demo.json"
"""File of a demo folder that holds the parameters it was made with."""

MARKER_KIND = FileKind(dict[str, Any], most_bytes=100_000)

Number = TypeVar("Number", int, float)


def within_bounds(bounds: Mapping[str, tuple[Number, Number, Number]]) -> dict[str, Number]:
    """The parameters by name, given (value, least, most) of each.

    Raises:
        InvalidSettings: a value is outside its bounds.
    """
    for name, (value, least, most) in bounds.items():
        if not least <= value <= most:
            raise InvalidSettings(f"demo {name}: expected {least} to {most}, received {value}")
    return {name: value for name, (value, _, _) in bounds.items()}


@contextmanager
def replacement(root: Path, parameters: Mapping[str, Any]) -> Iterator[Path]:
    """An empty folder for the demo's files, which then replaces `root`; equal files are not touched.

    The folder is made beside `root` and renamed: a demo that is killed leaves `root` as it was.

    Raises:
        InvalidSettings: `root` is a file, or holds files that no demo has written.
    """
    _refuse_foreign(root)
    with hidden_folder(root) as temporary:
        written = temporary / "written"
        written.mkdir()
        yield written
        (written / MARKER).write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")
        if not _same_files(written, root):
            if root.exists():
                root.rename(temporary / "replaced")
            written.rename(root)


def _refuse_foreign(root: Path) -> None:
    if root.is_dir() and any(root.iterdir()) and not (root / MARKER).is_file():
        allowed = "missing, empty or written by the demo"
        raise InvalidSettings(f"demo: expected {root} to be {allowed}; it holds other files")
    if root.exists() and not root.is_dir():
        raise InvalidSettings(f"demo: expected {root} to be a folder, received a file")


def _same_files(written: Path, root: Path) -> bool:
    expected = _files(written)
    if not root.is_dir() or _files(root) != expected:
        return False
    return set(filecmp.cmpfiles(written, root, expected, shallow=False)[0]) == set(expected)


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def command_line(write: Callable[..., None], competition: str) -> None:
    """Entry of `python -m tasks.<competition>.demo FOLDER`: `write`, with its keywords as options."""
    about = sys.modules[write.__module__].__doc__
    parser = argparse.ArgumentParser(prog=f"python -m tasks.{competition}.demo", description=about)
    parser.add_argument("folder", type=Path)
    for name, option in list(inspect.signature(write).parameters.items())[1:]:
        kind = Path if option.default is None else type(option.default)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=argparse.SUPPRESS)
    arguments = vars(parser.parse_args())
    write(arguments.pop("folder"), **arguments)
