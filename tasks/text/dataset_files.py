"""Files of a dataset that the project wrote itself: JSON, and JSON lines; nothing is checked."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def values(file: Path) -> Iterator[dict[str, Any]]:
    """The object on each line, one by one, so that any number of them takes the same memory."""
    # Binary lines end at line feeds only: texts may hold characters that `splitlines` takes for line ends.
    with file.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def count(file: Path) -> int:
    """How many lines there are."""
    with file.open("rb") as lines:
        return sum(1 for _ in lines)


def write_lines(file: Path, lines: Iterable[Any]) -> None:
    """A file with a value on each line, the same bytes on every system."""
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        opened.writelines(map(line, lines))


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
