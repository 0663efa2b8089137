"""The display on a terminal, on other streams, and what of the log stays beside it."""

import io
import logging
import sys
import time
from collections.abc import Iterator
from threading import Event

import pytest

from flows.console import CompactHandler, Verbosity, verbosity
from flows.display import live
from tasks.core.context import assigned
from tasks.core.execution import activity, stopping
from tasks.core.execution.child_messages import EpochProgress

LOG, STEPS = logging.getLogger("podium"), logging.getLogger("prefect.task_runs")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "latin-1"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def own_loggers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No handler of Prefect's and no steps, which other tests may have left, and all as it was at the end."""
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr(activity, "_started", set())  # without the steps of other tests
    for logger in (logging.getLogger(), logging.getLogger("prefect"), LOG, STEPS):
        for name, value in {"handlers": [], "propagate": True, "level": logger.level}.items():
            monkeypatch.setattr(logger, name, value)
    yield
    logging.setLogRecordFactory(factory)
    for logger in (LOG, STEPS):
        logger.manager._clear_cache()  # type: ignore[attr-defined]  # of levels


def shown(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, chosen: Verbosity = "normal", term: str = "xterm"
) -> str:
    """What a short run prints: a cached step, a training of three epochs, a note and a warning."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(live, "PER_SECOND", 100.0)
    with assigned(verbosity, chosen), live.showing_run():
        STEPS.info("Finished in state Cached(type=COMPLETED)", extra={"task_run_name": "load"})
        with activity.active("train"):
            for epoch in (1, 2, 3):
                progress = EpochProgress(epoch, 3, {"loss": 1 / epoch}, 1.0, "steps", 1.0)
                LOG.info("%s", progress.text(), extra={**activity.report(progress), "task_run_name": "train"})
            entry = activity._current.get()
            assert entry is not None
            entry.began -= 60
        STEPS.info("Finished in state Completed()", extra={"task_run_name": "train"})
        LOG.debug("chatter of a library")
        LOG.info("stage 1 keeps the weights of epoch 2", extra={"task_run_name": "train"})
        LOG.warning("careful", extra={"task_run_name": "report"})
    return stream.getvalue()


def lines(text: str) -> list[str]:
    return [line.partition(" ")[2] for line in text.splitlines() if " | " in line]


pytestmark = pytest.mark.usefixtures("own_loggers")


def test_beside_a_display_only_what_stays_worth_reading_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = shown(monkeypatch, Terminal())
    assert "\x1b[2K" in printed  # the display was drawn anew
    assert "1 of 1 steps done, 1 cached" in printed.replace("2 of 2", "1 of 1")
    kept = [line for line in lines(printed) if "steps done" not in line]
    assert kept == [
        "train | completed in 1 min: loss 0.3333",
        "train | stage 1 keeps the weights of epoch 2",
        "report | careful",
    ]


@pytest.mark.parametrize(("stream", "term"), [(io.StringIO, "xterm"), (Terminal, "dumb"), (Terminal, "")])
def test_elsewhere_there_are_lines_and_few_of_epochs(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], term: str
) -> None:
    printed = shown(monkeypatch, stream(), term=term)
    assert "\x1b" not in printed
    assert lines(printed) == [
        "load | cached",
        "train | epoch 1 of 3: loss 1, 1.0 steps/s, 1 s left",
        "train | epoch 3 of 3: loss 0.3333, 1.0 steps/s, 1 s left",
        "train | completed in 1 min",
        "train | stage 1 keeps the weights of epoch 2",
        "report | careful",
    ]


def test_the_display_ends_when_the_process_begins_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "_stopping", Event())
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with live.showing_run():
        assert sys.stderr is not stream  # what others print stands above the display
        stopping.stop()
        until = time.monotonic() + 10
        while sys.stderr is not stream:
            assert time.monotonic() < until
            time.sleep(0.01)


def test_quiet_shows_warnings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(shown(monkeypatch, Terminal(), "quiet")) == ["report | careful"]


def test_verbose_shows_every_epoch_and_what_libraries_print(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = lines(shown(monkeypatch, io.StringIO(), "verbose"))
    assert [line for line in printed if "epoch 2 of 3" in line]
    assert "podium | chatter of a library" in printed


def test_an_epoch_is_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    handler, due = CompactHandler(), []
    for second in range(12):
        progress = EpochProgress(second + 1, 100, {}, 1.0, "steps", 1.0)
        record = logging.LogRecord("podium", logging.INFO, __file__, 1, "epoch", None, None)
        record.created, record.task_run_name = 1_000_000.0 + second, "train"
        setattr(record, activity.PROGRESS, progress)
        if handler.filter(record):
            due.append(second)
    assert due == [0, 5, 10]
