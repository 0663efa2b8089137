"""The table of situations: each command is typed in this process, and prints what the table says."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.situations import page
from tests.flows.situations.areas import ALL
from tests.flows.situations.situation import Here, Situation, check


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Here]:
    """Places of its own; the loggers are as before after the test."""
    if request.node.callspec.params["situation"].on_server:
        request.getfixturevalue("prefect_server")
    factory = logging.getLogRecordFactory()
    loggers = [logging.getLogger(name) for name in (None, "podium", "prefect", "prefect.task_runs")]
    for logger in loggers:
        for name in ("handlers", "level", "propagate"):
            monkeypatch.setattr(logger, name, getattr(logger, name))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    for name in ("PODIUM_DATA", "PODIUM_COMPETITIONS"):
        monkeypatch.delenv(name, raising=False)
    yield Here(tmp_path, monkeypatch)
    logging.setLogRecordFactory(factory)


def of_table(situation: Situation) -> Any:
    """A row as a case; one that runs a flow on a server is slow."""
    marks = [pytest.mark.slow] if situation.on_server else []
    return pytest.param(situation, id=f"{situation.command[:50]} {situation.what[:40]}", marks=marks)


@pytest.mark.parametrize("situation", list(map(of_table, ALL)))
def test_what_is_printed(situation: Situation, here: Here) -> None:
    check(situation, here)


def test_there_are_many_and_each_is_told_once() -> None:
    assert len(ALL) >= 40
    assert len({each.what for each in ALL}) == len(ALL)


def test_the_page_is_current() -> None:
    assert page.FILE.read_text("utf-8") == page.page()
