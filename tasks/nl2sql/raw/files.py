"""The paths of the competition's raw files."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import hint, kind_of
from tasks.nl2sql.config import Data

NAMES: dict[Part, str] = {"train": "train", "validation": "val", "test": "test"}
"""The competition's names of the parts."""


class PartFiles(NamedTuple):
    """The files of one part of the dataset."""

    part: Part
    questions: Path
    tables: Path
    database: Path
    """Optional."""


def part_files(data: Data) -> list[PartFiles]:
    """The files of the parts, training files first, in a folder for each part or in the root.

    The validation part is left out where none of its files exists.
    """
    root = Path(data.root).expanduser()
    parts = [_part_files(root, part, name) for part, name in NAMES.items()]
    return [files for files in parts if files.part != "validation" or _any_exists(files)]


def check_paths(data: Data) -> list[Problem]:
    """Problems with the paths of the raw files.

    Raises:
        InvalidData: the folder itself is missing.
    """
    root = Path(data.root).expanduser()
    if (found := kind_of(root)) != "a folder":
        expected = "a folder with train, val and test, each with <part>.json and <part>.tables.json"
        raise InvalidData([Problem(root, None, expected, found + _hint(root))])
    return [problem for files in part_files(data) for problem in _missing(files, root)]


def _part_files(root: Path, part: Part, name: str) -> PartFiles:
    names = f"{name}.json", f"{name}.tables.json", f"{name}.db"
    in_root = any(kind_of(root / file) != "nothing of this name" for file in names[:2])
    folder = root if in_root and kind_of(root / name) != "a folder" else root / name
    return PartFiles(part, *(folder / file for file in names))


def _any_exists(files: PartFiles) -> bool:
    return any(kind_of(file) != "nothing of this name" for file in files[1:])


def _missing(files: PartFiles, root: Path) -> Iterator[Problem]:
    for file, purpose in ((files.questions, "questions"), (files.tables, "tables")):
        if (found := kind_of(file)) != "a file":
            yield Problem(file, None, f"{purpose} of {files.part}", found + _hint(root))
    if (found := kind_of(files.database)) not in ("a file", "nothing of this name"):
        yield Problem(files.database, None, f"an SQLite database of {files.part}, or nothing", found)


def _hint(root: Path) -> str:
    """The folder that has the files, if the root is one folder too high or too low."""

    def holds_data(folder: Path) -> bool:
        parts = (_part_files(folder, part, NAMES[part]) for part in ("train", "test"))
        return all(kind_of(files.questions) == "a file" for files in parts)

    return hint(root, holds_data)
