"""Competitions of one's own, in a folder that the commands find, and forgotten after the test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tasks
from flows.commands.creation import create
from tasks.core.cache import source_code
from tasks.core.contract import files

Create = Callable[..., Path]


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that `PODIUM_COMPETITIONS` names, with nothing in it."""
    folder = tmp_path / "competitions"
    folder.mkdir()
    monkeypatch.setenv("PODIUM_COMPETITIONS", str(folder))
    monkeypatch.setattr(tasks, "__path__", list(tasks.__path__))
    yield folder
    for name in [each.name for each in folder.iterdir()]:
        forget(name)
        vars(tasks).pop(name, None)


@pytest.fixture
def made(parent: Path) -> Create:
    """A function from name and template to the folder of a new competition."""
    return lambda name, like: create(name, like, parent)


def forget(name: str) -> None:
    """Let the next import and the next key read the code of a competition anew."""
    for module in [each for each in sys.modules if each.startswith(f"tasks.{name}")]:
        del sys.modules[module]
    for cached in (
        source_code._code_digests,
        source_code._libraries,
        source_code._content,
        source_code._known_file,
        source_code.snapshot,
        files.missing,
    ):
        cached.cache_clear()
