"""Files of a dataset that the project wrote itself: JSON, and JSON lines; nothing is checked.

`<part>.jsonl` has a record with its `id` on each line, in the order of the raw files; `characters.json` the
normalised characters of the training texts with their counts, the most frequent first.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tasks.core.competition import Part
from tasks.core.dataset import Dataset

PARTS: tuple[Part, ...] = ("train", "validation", "test")


def records(dataset: Dataset, part: Part) -> Iterator[dict[str, Any]]:
    """The records of a part one by one, so that any number of them takes the same memory."""
    return read_lines(dataset / f"{part}.jsonl")


def count(dataset: Dataset, part: Part) -> int:
    """How many records a part has."""
    with (dataset / f"{part}.jsonl").open("rb") as lines:
        return sum(1 for _ in lines)


def ids(dataset: Dataset, part: Part) -> list[str]:
    """The ids of a part, in the order of its records."""
    return [record["id"] for record in records(dataset, part)]


def characters(dataset: Dataset) -> list[tuple[str, int]]:
    """Normalised characters of the training texts with their counts, the most frequent first."""
    return [(character, count) for character, count in read(dataset / "characters.json")]


def read_lines(file: Path) -> Iterator[Any]:
    """The value on each line, one by one."""
    # Binary lines end at line feeds only: texts may hold characters that `splitlines` takes for line ends.
    with file.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def write_lines(file: Path, values: Iterable[Any]) -> None:
    """A file with a value on each line, the same bytes on every system."""
    with file.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(map(line, values))


def line(value: Any) -> str:
    """A value as one line."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def read(file: Path) -> Any:
    """The value of a whole file."""
    return json.loads(file.read_text("utf-8"))


def write(file: Path, value: Any) -> None:
    """A file with one value, the same bytes on every system."""
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")
