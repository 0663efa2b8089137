"""A situation: what was prepared, the command that is typed, what it prints, and its exit code."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.flows.situations.typed import Typed, typed

TIME = re.compile(r"^\d\d:\d\d:\d\d ")
NEVER = ("Traceback", "Crash detected", "Unexpected", "object at 0x")
"""What no command prints, but for a traceback with exit code 1."""


class Here:
    """The places of one test; words in capitals stand for them in commands and in what is printed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`folder` is empty; DATA, CONF and OWN are folders in it, FILE is a file, NOWHERE is not there."""
        self.monkeypatch = monkeypatch
        self.places = {
            "DATA": folder / "data",
            "FILE": folder / "file",
            "NOWHERE": folder / "nowhere",
            "CONF": folder / "conf",
            "OWN": folder / "own",
            "STORE": folder / "podium_store",
            "SUBMISSIONS": folder / "podium_submissions",
            "PAGE": folder / "page.html",
            "PID": Path(str(os.getpid())),
        }
        for name in ("DATA", "CONF", "OWN"):
            self.places[name].mkdir()
        self.places["FILE"].touch()

    def __getitem__(self, name: str) -> Path:
        return self.places[name]

    def filled(self, text: str) -> str:
        """The text with paths in the places of their words."""
        words = "|".join(self.places)
        return re.sub(rf"(?<![\w$-])({words})\b", lambda found: str(self.places[found[1]]), text)

    def write(self, place: str, name: str, text: str) -> Path:
        """Write a file below one of the places."""
        file = self.places[place] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file


Preparation = Callable[[Here], object]


class Situation(NamedTuple):
    """A row of the table."""

    what: str
    command: str
    """As typed; of `podium {run,plan} dogs` both are, and must print the same."""
    code: int
    prints: tuple[str, ...]
    """Parts of lines, each of exactly one line."""
    prepare: tuple[Preparation, ...] = ()
    never: tuple[str, ...] = ()
    """What is in no line."""
    encoding: str = "utf-8"
    """Of the terminal or pipe."""
    in_terminal: bool = False
    on_server: bool = False
    """Whether it needs a Prefect server."""

    def commands(self) -> Iterator[str]:
        """The commands that are typed."""
        before, brace, rest = self.command.partition("{")
        if not brace:
            yield self.command
            return
        names, _, after = rest.partition("}")
        for name in names.split(","):
            yield f"{before}{name}{after}"


def check(situation: Situation, here: Here) -> None:
    """Prepare the situation, type its commands, and compare what they print."""
    for preparation in situation.prepare:
        preparation(here)
    found = [
        typed(here.filled(command), situation.encoding, in_terminal=situation.in_terminal)
        for command in situation.commands()
    ]
    for each in found:
        assert each.code == situation.code, each.text
        _check_lines(situation, each, [here.filled(text) for text in situation.prints])
    assert len({(each.stdout, each.stderr) for each in found}) == 1


def _check_lines(situation: Situation, found: Typed, expected: list[str]) -> None:
    lines = [TIME.sub("", line) for line in found.text.splitlines()]
    for text in expected:
        assert sum(text in line for line in lines) == 1, (text, lines)
    never = situation.never if situation.code == 1 else (*situation.never, *NEVER)
    assert not [text for text in never if text in found.text], found.text
    if situation.code == 1:
        return
    said = Counter(line for line in lines if " | " in line or "podium: " in line)
    assert not [line for line, count in said.items() if count > 1], found.text
    of_steps = [line.partition(" | ")[2] for line in said]
    told = [line.partition("podium: ")[2] for line in said]
    assert not [text for text in told if text and any(text in line for line in of_steps)], found.text
    if situation.code == 2:
        assert found.stdout == ""


# Preparations


def unset(variable: str) -> Preparation:
    """An environment variable that is not set."""
    return lambda here: here.monkeypatch.delenv(variable, raising=False)


def preset(text: str, name: str = "mine", competition: str = "dogs") -> Preparation:
    """A preset of one's own."""

    def prepare(here: Here) -> None:
        here.monkeypatch.setenv("PODIUM_CONF", str(here["CONF"]))
        here.write("CONF", f"{competition}/{name}.toml", text)

    return prepare
