"""The paths of the competition's raw files."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import hint, kind_of, root_folder
from tasks.nl2sql.config import RAW_NAMES, Data
from tasks.text.dataset_files import PARTS


class PartFiles(NamedTuple):
    """The files of one part of the dataset."""

    part: Part
    questions: Path
    tables: Path
    database: Path
    """Optional."""


def check_root(data: Data) -> None:
    """Raise InvalidData if the folder itself is missing."""
    root = root_folder(data.root)
    if (found := kind_of(root)) != "a folder":
        expected = "a folder with train, val and test, each with <part>.json and <part>.tables.json"
        raise InvalidData([Problem(root, None, expected, found + _hint(root, PARTS))])


def part_files(data: Data, part: Part) -> PartFiles | None:
    """The files of a part, in a folder of its own or in the root; None for a validation part without any."""
    files = _part_files(root_folder(data.root), part)
    return files if part != "validation" or _any_exists(files) else None


def check_paths(data: Data, files: PartFiles) -> Iterator[Problem]:
    """Problems with the paths of a part's files."""
    root = root_folder(data.root)
    for file, purpose in ((files.questions, "questions"), (files.tables, "tables")):
        if (found := kind_of(file)) != "a file":
            yield Problem(file, None, f"{purpose} of {files.part}", found + _hint(root, [files.part]))
    if (found := kind_of(files.database)) not in ("a file", "nothing of this name"):
        yield Problem(files.database, None, f"an SQLite database of {files.part}, or nothing", found)


def _part_files(root: Path, part: Part) -> PartFiles:
    name = RAW_NAMES[part]
    names = f"{name}.json", f"{name}.tables.json", f"{name}.db"
    in_root = any(kind_of(root / file) != "nothing of this name" for file in names[:2])
    folder = root if in_root and kind_of(root / name) != "a folder" else root / name
    return PartFiles(part, *(folder / file for file in names))


def _any_exists(files: PartFiles) -> bool:
    return any(kind_of(file) != "nothing of this name" for file in files[1:])


def _hint(root: Path, parts: Collection[Part]) -> str:
    """The folder that has the files of one of the parts, if the root is one folder too high or too low."""

    def holds_data(folder: Path) -> bool:
        found = (_part_files(folder, part) for part in parts)
        return any(kind_of(each.questions) == kind_of(each.tables) == "a file" for each in found)

    return hint(root, holds_data)
