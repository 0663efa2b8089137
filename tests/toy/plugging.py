"""Let the toy be found as `tasks.toy`, by imports, by its name, and by the digest of its code."""

import functools
from pathlib import Path

import pytest

import tasks
from tasks.core.cache import keys
from tasks.core.cache.source_code import ROOT, code_digests, libraries

TESTS = Path(__file__).resolve().parents[1]


def plug(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plug it in until the test ends; `folder` gets a tree of links that looks like the code with the toy."""
    (folder / "tasks").mkdir(parents=True)
    for path in (ROOT / "tasks").iterdir():
        (folder / "tasks" / path.name).symlink_to(path)
    (folder / "tasks" / "toy").symlink_to(TESTS / "toy")
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(TESTS)])
    monkeypatch.setattr(keys, "code_digests", functools.partial(code_digests, root=folder))
    monkeypatch.setattr(keys, "imported_libraries", functools.partial(libraries, root=folder))
