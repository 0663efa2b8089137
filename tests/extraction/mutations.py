"""Ways to spoil a raw file; each gives or is a function of the file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def content(contents: bytes | str) -> Callable[[Path], object]:
    """The file holds this instead."""
    return lambda file: file.write_bytes(contents.encode() if isinstance(contents, str) else contents)


def line(number: int, text: bytes | str) -> Callable[[Path], object]:
    """One line is another."""

    def change(file: Path) -> None:
        lines = file.read_bytes().split(b"\n")
        lines[number - 1] = text.encode() if isinstance(text, str) else text
        file.write_bytes(b"\n".join(lines))

    return change


def value(number: int, change: Callable[[Any], object]) -> Callable[[Path], object]:
    """One line's value is changed in place."""

    def mutate(file: Path) -> None:
        lines = file.read_text("utf-8").split("\n")
        parsed = json.loads(lines[number - 1])
        change(parsed)
        lines[number - 1] = json.dumps(parsed)
        file.write_text("\n".join(lines), "utf-8")

    return mutate


def put(number: int, *path: str | int, to: Any) -> Callable[[Path], object]:
    """What stands at this path of one line's value becomes another."""

    def change(parsed: Any) -> None:
        for key in path[:-1]:
            parsed = parsed[key]
        parsed[path[-1]] = to

    return value(number, change)


def lacks(number: int, *path: str | int) -> Callable[[Path], object]:
    """A key is missing."""

    def change(parsed: Any) -> None:
        for key in path[:-1]:
            parsed = parsed[key]
        del parsed[path[-1]]

    return value(number, change)


def folder_instead(file: Path) -> None:
    file.unlink()
    file.mkdir()


def end_cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def schema_again(file: Path) -> None:
    file.write_bytes(file.read_bytes() + file.read_bytes().split(b"\n")[1])


def encoded(name: str) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(file.read_text("utf-8").encode(name))
