"""Standard output and error whose reader is gone, that have no room, or are closed."""

import os
import sys
from io import StringIO
from pathlib import Path

import pytest

import flows.__main__ as command_line
from flows.console import inform
from tasks.core.errors import UserError
from tasks.core.files.streams import open_streams, opened

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")


def test_what_nobody_reads_any_more_is_lost_and_no_error() -> None:
    reader, writer = os.pipe()
    stream = opened(writer, "utf-8", has_results=True)
    os.close(reader)
    print("a result", file=stream, flush=True)
    assert Path(f"/proc/self/fd/{writer}").resolve() == Path(os.devnull)  # what children write, too
    stream.close()
    os.close(writer)


@needs_full
def test_results_without_room_are_one_message_and_messages_are_lost() -> None:
    number = os.open(FULL, os.O_WRONLY)
    stream = opened(number, "utf-8", has_results=True)
    with pytest.raises(UserError, match=r"^standard output: expected room .*no space left"):
        print("a result", file=stream, flush=True)
    stream.close()  # which writes again what it has
    os.close(number)
    number = os.open(FULL, os.O_WRONLY)
    with opened(number, "utf-8", has_results=False) as stream:
        print("a message", file=stream, flush=True)
    os.close(number)


@needs_full
@pytest.mark.parametrize(
    "words", [["list"], ["list", "--json"], ["--help"], ["--version"], ["run", "--help"]]
)
def test_no_command_has_a_traceback_where_its_results_have_no_room(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = os.open(FULL, os.O_WRONLY)
    monkeypatch.setattr(sys, "argv", ["podium", *words])
    monkeypatch.setattr(command_line, "open_streams", lambda: None)
    monkeypatch.setattr(sys, "stdout", opened(number, "utf-8", has_results=True))
    with pytest.raises(SystemExit) as end:
        command_line.main()
    os.close(number)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("podium: standard output: expected room for the results")


def test_what_is_for_a_closed_stderr_does_not_go_to_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = StringIO()
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "stderr", None)
    open_streams()
    inform("a message for stderr")
    assert stdout.getvalue() == ""
    assert sys.stderr.fileno() == 2


def test_streams_in_memory_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    open_streams()
    assert sys.stdout is stream
