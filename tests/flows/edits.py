"""Each edit repeats exactly the expected steps: copies of code, data and store with one edit each.

A *table* (`tests.flows.edits_of_dogs`) names a competition, its settings and raw files, its steps,
and the edits. Each copy has its raw files and store at another place.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
WALK = Path(__file__).with_name("walk.py")
LINKED = ("tree", "store")
"""Folders of a copy whose files are hard links to those of the first."""


class Case:
    """A copy of code, data and store, to be edited."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.settings = copy.deepcopy(settings)
        self.versions: dict[str, str] = {}

    def code(self, file: str, old: str, new: str) -> None:
        """Replace the first occurrence in a file of the copied code, which must be there."""
        path = self.folder / "tree" / file
        text = path.read_text("utf-8")
        assert old in text, f"{file} no longer contains {old!r}; update this test"
        rewrite(path, text.replace(old, new, 1).encode())


class Edit(NamedTuple):
    """One row of a table."""

    name: str
    make: Callable[[Case], Any]
    repeats: set[str]
    why: dict[str, str] = {}
    """Reasons in the plan, by the step's label."""


class Table(NamedTuple):
    """The edits of one competition."""

    competition: str
    settings: dict[str, Any]
    """In their strings, `{folder}` stands for the folder of the copy."""
    halves: dict[str, int]
    """The half of the records, 0 or 1, that each recipe errs on."""
    prepare: Callable[[Path], Any]
    """(folder): write the raw files and all other files that the settings name."""
    steps: set[str]
    """Labels of all cached steps."""
    edits: list[Edit]


def rewrite(path: Path, contents: bytes) -> None:
    """Replace a file that other copies share by hard links."""
    path.unlink()
    path.write_bytes(contents)


def setting(path: str, value: Any) -> Callable[[Case], None]:
    """Set one setting by its dotted path."""
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]

    def edit(case: Case) -> None:
        inner: Any = case.settings
        for part in parents:
            inner = inner[part] if isinstance(inner, list) else inner.setdefault(part, {})
        inner[last] = value

    return edit


def code(file: str, old: str, new: str) -> Callable[[Case], None]:
    """Change a line of code."""
    return lambda case: case.code(file, old, new)


def version(library: str) -> Callable[[Case], None]:
    """Pretend another version of a library."""
    return lambda case: case.versions.update({library: "9.9"})


def first_case(table: Table, folder: Path) -> Case:
    """Code and raw files before anything is computed."""
    for package in ("flows", "tasks"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / "tree" / package, ignore=ignore)
    table.prepare(folder)
    return Case(folder, table.settings)


def edited(first: Case, folder: Path, edit: Edit) -> Case:
    """A copy of a case in which everything was computed, with one edit."""
    folder.mkdir()
    for path in first.folder.iterdir():
        if path.is_dir():
            copy_function = os.link if path.name in LINKED else shutil.copyfile
            shutil.copytree(path, folder / path.name, copy_function=copy_function)
        else:
            shutil.copyfile(path, folder / path.name)
    case = Case(folder, first.settings)
    edit.make(case)
    return case


def walk(table: Table, cases: list[Case], *, hash_seed: int = 0) -> list[dict[str, Any]]:
    """The plan and the states of all steps, for each case."""
    for case in cases:
        task = {"competition": table.competition, "halves": table.halves}
        text = json.dumps({**task, "settings": case.settings, "versions": case.versions})
        (case.folder / "walk.json").write_text(text.replace("{folder}", str(case.folder)))
    command = [sys.executable, str(WALK), *(str(case.folder) for case in cases)]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONHASHSEED": str(hash_seed)}
    subprocess.run(command, check=True, timeout=600, env=environment)
    return [json.loads((case.folder / "walked.json").read_text()) for case in cases]
