"""The competition's raw files: where they lie."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import hint, kind_of
from tasks.nl2sql.config import Data

NAMES: dict[Part, str] = {"train": "train", "validation": "val", "test": "test"}
"""What the competition calls the parts."""


class Source(NamedTuple):
    """The files of one part of the dataset."""

    part: Part
    questions: Path
    tables: Path
    database: Path
    """Is not always handed out."""


def sources(data: Data) -> list[Source]:
    """The files of the parts, training files first; each part has its own folder, or lies in the root.

    The validation part is left out where none of its files is there.
    """
    root = Path(data.root).expanduser()
    found = [_source(root, part, name) for part, name in NAMES.items()]
    return [source for source in found if source.part != "validation" or _any_there(source)]


def check_places(data: Data) -> list[Problem]:
    """What is missing of the raw files.

    Raises:
        InvalidData: the folder itself is missing.
    """
    root = Path(data.root).expanduser()
    if (found := kind_of(root)) != "a folder":
        expected = "a folder with train, val and test, each with <part>.json and <part>.tables.json"
        raise InvalidData([Problem(root, None, expected, found + _hint(root))])
    return [problem for source in sources(data) for problem in _missing(source, root)]


def _source(root: Path, part: Part, name: str) -> Source:
    files = f"{name}.json", f"{name}.tables.json", f"{name}.db"
    inside = any(kind_of(root / file) != "nothing of this name" for file in files[:2])
    own = kind_of(root / name) == "a folder" or not inside
    folder = root / name if own else root
    return Source(part, *(folder / file for file in files))


def _any_there(source: Source) -> bool:
    return any(kind_of(file) != "nothing of this name" for file in source[1:])


def _missing(source: Source, root: Path) -> Iterator[Problem]:
    for file, purpose in ((source.questions, "questions"), (source.tables, "tables")):
        if (found := kind_of(file)) != "a file":
            yield Problem(file, None, f"{purpose} of {source.part}", found + _hint(root))
    if (found := kind_of(source.database)) not in ("a file", "nothing of this name"):
        yield Problem(source.database, None, f"an SQLite database of {source.part}, or nothing", found)


def _hint(root: Path) -> str:
    """Where the files lie instead, if the root is one folder too high or too low."""

    def holds_data(folder: Path) -> bool:
        sources = (_source(folder, part, NAMES[part]) for part in ("train", "test"))
        return all(kind_of(source.questions) == "a file" for source in sources)

    return hint(root, holds_data)
