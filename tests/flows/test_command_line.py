"""The command line: instant help with examples, exit codes, messages on stderr."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner, Result

import flows.__main__ as command_line
from flows import entry
from flows.__main__ import app
from flows.commands import runs
from flows.console import (
    INFO_LOGGERS,
    CompactHandler,
    aligned,
    inform,
    show_logs,
    with_exit_codes,
)
from flows.humanize import duration, parse_duration, score_text, size
from flows.runtime import temporary_server
from flows.runtime.stop_signals import EXIT_CODE
from tasks.core.errors import InvalidSettings, UserError
from tasks.core.execution import stopping
from tasks.core.files.streams import opened

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    "list",
    "check",
    "plan",
    "run",
    "accept",
    "search",
    "blend",
    "average",
    "predict",
    "explain",
    "bundle",
    "serve",
    "deploy",
    "worker",
    "new",
    "demo",
    "ui",
    "clean",
]
MEMBER_COMMANDS = ["list", "export", "add"]
SCHEDULE_COMMANDS = ["list", "pause", "resume"]
SUBMISSION_COMMANDS = ["list", "show", "diff", "validate", "record-score"]
HEAVY = ("prefect", "pydantic", "numpy", "tensorflow", "keras", "pandas", "sklearn", "cv2", "PIL")


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PODIUM_STORE", "PODIUM_SUBMISSIONS", "PODIUM_DATA", "PREFECT_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.setenv("COLUMNS", "200")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


# Help


@pytest.mark.parametrize(
    "command",
    [
        [],
        *([name] for name in COMMANDS),
        *(["submissions", name] for name in SUBMISSION_COMMANDS),
        *(["schedules", name] for name in SCHEDULE_COMMANDS),
        *(["members", name] for name in MEMBER_COMMANDS),
    ],
    ids=" ".join,
)
def test_every_command_has_help_with_an_example_of_itself(command: list[str]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    example = result.output.partition("Example: ")[2]
    assert example.startswith(" ".join(["podium", *command]))


def test_no_command_is_left_out_of_these_tests() -> None:
    known = {command.name for command in app.registered_commands}
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    below = {name: {each.name for each in group.registered_commands} for name, group in groups.items()}
    assert known == set(COMMANDS)
    assert below == {
        "members": set(MEMBER_COMMANDS),
        "submissions": set(SUBMISSION_COMMANDS),
        "schedules": set(SCHEDULE_COMMANDS),
    }


def test_the_version_names_the_libraries_that_decide_results() -> None:
    said = python("from flows.__main__ import main; import sys; sys.argv = ['podium', '--version']; main()")
    assert re.fullmatch(
        r"podium [\d.]+ \(Python [\d.]+, prefect .+, keras .+, tensorflow .+\)\n", said.stdout
    )
    assert said.returncode == 0


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
from flows.__main__ import main
sys.argv = ["podium", "--help"]
try:
    main()
finally:
    print("LOADED", [name for name in {HEAVY!r} if name in sys.modules])
"""
    assert "LOADED []" in python(code).stdout


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((), "defaults"),
        (("--preset", "demo"), "demo"),
        (("--preset", "demo", "--set", "run.name=second"), "second"),
        (("--set", "run.name=second"), "second"),
        (("--preset", "demo", "--set", "run.name=second", "--name", "third"), "third"),
    ],
)
def test_a_run_is_named_by_the_option_else_by_the_settings_else_by_the_preset(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], name: str
) -> None:
    class Reached(UserError):
        """The run would begin."""

    def run(competition: str, config: Any, *, name: str, **_: Any) -> None:
        raise Reached(f"run {name}")

    monkeypatch.setattr(runs, "_run", run)
    result = invoke("run", "dogs", "--set", f"data.root={ROOT / 'tests'}", *arguments)
    assert result.stderr == f"podium: run {name}\n"


# Exit codes


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "dgos"],
        ["plan", "dogs", "--preset", "none-of-these"],
        ["check", "dogs", "--set", "folds.cuont=3"],
        ["run", "dogs", "--name", "a/b"],
        ["run", "dogs", "--name", ""],
        ["clean", "--older-than", "soon"],
        ["blend", "dgos"],
        ["blend", "dogs", "--name", "a/b"],
        ["blend", "dogs", "--set", "data.root=nowhere"],
        ["average", "dgos", "a", "b"],
        ["average", "dogs", "a", "b", "--name", "a/b"],
        ["average", "dogs", "a", "b", "--set", "data.root=nowhere"],
        ["bundle", "none", "--output", "b.zip"],
        ["bundle", "none", "--output", "b.tar"],
        ["submissions", "show", "none"],
        ["submissions", "diff", "a", "b"],
        ["submissions", "record-score", "none", "0.5"],
        ["submissions", "record-score", "none", "nan"],
        ["submissions", "validate", "no-file.txt", "--competition", "dogs"],
        ["submissions", "validate", "no-file.txt", "--competition", "cats"],
    ],
    ids=" ".join,
)
def test_an_error_the_user_can_fix_is_one_message_and_exit_code_2(
    arguments: list[str], tmp_path: Path
) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("podium: ")
    assert "expected" in result.stderr or "unknown key" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "podium_store").exists()


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run"], ["run", "dogs", "--frob"]])
def test_wrong_usage_is_exit_code_2_too(arguments: list[str]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_a_folder_that_cannot_be_written_to_stops_a_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PODIUM_STORE", str(tmp_path / "file" / "store"))
    result = invoke("run", "dogs")
    assert result.exit_code == 2
    assert "PODIUM_STORE: expected a folder that can be made, received" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["plan", "dogs", "--preset", "demo", "--set", "data.root=tests"], ["ui"], ["schedules", "list"]],
    ids=" ".join,
)
def test_a_home_of_prefect_that_cannot_be_made_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "file" / "prefect"))
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "PREFECT_HOME: expected a folder that can be made, received" in result.stderr


def test_a_plan_on_a_fresh_checkout_says_nothing_but_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect warns at its import where the folder above its home is not there either."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "none" / "prefect"))
    words = [sys.executable, "-m", "flows", "plan", "dogs", "--preset", "demo", "--set", "data.root=tests"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "will run; how long they take is not known" in ended.stdout.splitlines()[-1]


def test_an_internal_error_keeps_its_traceback_and_exits_with_1() -> None:
    ended = python("from flows.console import with_exit_codes; with_exit_codes(lambda: 1 / 0)()")
    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr


def test_a_user_error_of_several_lines_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise UserError("a.txt:1: wrong\na.txt:2: wrong")

    with pytest.raises(SystemExit) as caught:
        with_exit_codes(command)()
    assert caught.value.code == 2
    assert capsys.readouterr().err == "podium: a.txt:1: wrong\na.txt:2: wrong\n"


# Interruption

WAITS = """
import subprocess, sys, threading
from flows.console import with_exit_codes
def command():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    print(child.pid, flush=True)
    threading.Thread(target=child.wait).start()  # as a task thread does; not a daemon
    threading.Event().wait()
sys.argv = ["podium", "run", "dogs", "--set", "data.root=my dogs"]
with_exit_codes(command, resumes=True)()
"""


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def waiting() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A command that waits for a child, and the child's process id."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITS],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_children_and_says_how_to_resume(
    waiting: tuple[subprocess.Popen[str], int], number: signal.Signals
) -> None:
    process, child = waiting
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.startswith("podium: interrupted; finished steps and checkpoints are kept.")
    assert errors.endswith("\n  podium run dogs --set 'data.root=my dogs'\n")
    assert errors.count("podium: ") == 1
    assert not alive(child)


def test_signal_handlers_are_as_before_after_a_command() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with_exit_codes(lambda: None)()
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.parametrize(
    ("found", "then"),
    [(signal.default_int_handler, signal.SIG_DFL), (signal.SIG_IGN, signal.SIG_IGN)],
)
def test_ctrl_c_before_the_command_begins_is_no_traceback(
    found: Any, then: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(command_line, "main", lambda: seen.append(signal.getsignal(signal.SIGINT)))
    previous = signal.signal(signal.SIGINT, found)
    try:
        entry.main()
    finally:
        signal.signal(signal.SIGINT, previous)
    assert seen == [then]


def test_a_child_that_ignores_sigterm_is_ended_too() -> None:
    code = WAITS.replace(
        "import time; time.sleep(60)",
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = {int(process.stdout.readline()) for _ in range(2)}
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert not alive(max(lines))


# What is printed


def test_list_names_presets_and_says_whether_the_data_is_there(tmp_path: Path) -> None:
    result = invoke("list")
    assert result.exit_code == 0
    assert f"data in {tmp_path / 'podium_data' / 'dogs'} (not there" in result.stdout
    (tmp_path / "podium_data" / "dogs").mkdir(parents=True)
    assert "(there)" in invoke("list").stdout


def test_submissions_are_listed_shown_compared_and_scored(tmp_path: Path) -> None:
    for name, count in (("one", 5), ("two", 3)):
        folder = tmp_path / "podium_submissions" / "dogs" / f"20260101-{name}"
        folder.mkdir(parents=True)
        (folder / "answers.txt").write_text(f"{count}\ta\n1\tb\n")
        provenance = {
            "config": {"folds": {"count": count}},
            "score": {"name": "accuracy", "value": 0.8, "standard_error": 0.01},
            "members": {"small": {"score": 0.79, "weight": 0.5}},
            "command": f"podium run dogs --name {name}",
            "file": "answers.txt",
        }
        (folder / "provenance.json").write_text(json.dumps(provenance))
    assert invoke("submissions", "record-score", "one", "0.75").exit_code == 0
    for words in (["submissions"], ["submissions", "list"], ["submissions", "list", "dogs"]):
        line = next(
            line for line in invoke(*words).stdout.splitlines() if line.startswith("dogs/20260101-one")
        )
        assert line.split() == ["dogs/20260101-one", "0.8000", "±", "0.0100", "0.75", "the", "first"]
    page = tmp_path / "page.html"
    assert invoke("submissions", "--html", str(page)).exit_code == 0
    assert "20260101-two" in page.read_text("utf-8")
    shown = invoke("submissions", "show", "two").stdout
    assert "podium run dogs --name two" in shown
    assert "member small" in shown
    assert "folds.count  3" in shown
    compared = invoke("submissions", "diff", "one", "two").stdout
    assert "folds.count  5 → 3" in compared
    assert "1 of 2 lines differ (50.0%)" in compared
    assert "code: the same" in compared


def test_every_exit_code_is_in_the_table() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert [int(code) for code, _ in rows] == [0, 1, 2, EXIT_CODE]


def test_columns_are_aligned_and_the_last_is_not_padded() -> None:
    rows = [("step", "state"), ("a long label", "cached, and why"), ("b",)]
    assert aligned(rows) == "step          state\na long label  cached, and why\nb"
    assert aligned([]) == ""


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("12h", 43200), ("30d", 2592000), ("2w", 1209600)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert parse_duration(text, option="--older-than").total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "30 days", "999999d"])
def test_other_durations_are_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"--older-than: expected .* received"):
        parse_duration(text, option="--older-than")


def test_numbers_are_formatted() -> None:
    assert [duration(s) for s in (4.21, 59.9, 723, 7500)] == [
        "4.2 s",
        "59.9 s",
        "12 min 3 s",
        "2 h 5 min",
    ]
    assert [size(n) for n in (0, 999, 1000, 3_400_000, 10**16)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "3.4 MB",
        "10000.0 TB",
    ]
    table = {"name": "accuracy", "value": 0.8125, "standard_error": None}
    assert score_text({**table, "standard_error": 0.0}) == "accuracy 0.8125"
    assert [score_text(s) for s in (table, 0.5, None)] == ["accuracy 0.8125", "0.5000", ""]


# Logs


def record(name: str, message: str, *, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, None, None)


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (record("prefect.task_runs", "Finished in state Completed()"), "completed"),
        (record("prefect.task_runs", "Finished in state Cached(type=COMPLETED)"), "cached"),
        (record("podium.fitting", "epoch 1 of 3"), "epoch 1 of 3"),
        (record("someone.else", "chatter"), ""),
        (record("someone.else", "trouble", level=logging.WARNING), "trouble"),
        (record("prefect.flow_runs", "Finished in state Failed('...')", level=logging.ERROR), ""),
        (record("prefect.task_runs", "Finished in state NotReady('...')", level=logging.ERROR), ""),
        (record("prefect.flow_runs", "Encountered exception during execution: …", level=logging.ERROR), ""),
    ],
)
def test_logs_are_one_short_line_each(
    entry: logging.LogRecord, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    CompactHandler().handle(entry)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" | ")[2] for line in lines] == ([shown] if shown else [])


def test_of_a_run_that_is_stopped_prefect_says_nothing_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Event()
    stopped.set()
    monkeypatch.setattr(stopping, "_stopping", stopped)
    CompactHandler().handle(record("prefect.flow_runs", "Crash detected!", level=logging.ERROR))
    assert capsys.readouterr().err == ""


def test_the_page_of_a_temporary_server_is_not_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = record("prefect.flow_runs", "View at http://127.0.0.1:8123/runs/one")
    monkeypatch.setenv("PREFECT_API_URL", temporary_server.reserve())
    CompactHandler().handle(entry)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    CompactHandler().handle(entry)
    assert "View at" in capsys.readouterr().err


def test_a_message_whose_reader_is_gone_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of `podium serve 2>&1 | tee log`, where Ctrl-C ends `tee` first."""
    reader, writer = os.pipe()
    os.close(reader)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    with opened(writer, "utf-8", has_results=False) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        inform("the schedules are paused")
        show_logs()
        logging.getLogger("podium").warning("trouble")
    os.close(writer)


def failure(created: float = 1e9) -> logging.LogRecord:
    """What Prefect logs of a step that has failed."""
    entry = record("prefect.task_runs", "Task run failed with exception", level=logging.ERROR)
    error = UserError("a.txt:1: wrong\na.txt:2: wrong")
    entry.exc_info, entry.created, entry.task_run_name = (UserError, error, None), created, "load"
    return entry


def test_an_error_is_logged_by_its_first_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    CompactHandler().handle(failure())
    assert capsys.readouterr().err.endswith(" load | failed: a.txt:1: wrong\n")


@pytest.mark.parametrize(
    ("seconds", "ends", "said"),
    [
        (1.0, "with the error", [" load | failed"]),
        (9.0, "with the error", [" load | failed", " load | failed: a.txt:1: wrong"]),
        (1.0, "well", [" load | failed", " load | failed: a.txt:1: wrong"]),
    ],
)
def test_why_a_step_failed_is_said_by_the_command_unless_the_run_goes_on(
    seconds: float, ends: str, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    handler = CompactHandler()
    with suppress(UserError), handler.holding_reasons():
        handler.handle(failure())
        later = record("someone.else", "chatter")
        later.created = 1e9 + seconds
        handler.handle(later)
        if ends != "well":
            raise UserError("a.txt:1: wrong\na.txt:2: wrong")
    assert [line[8:] for line in capsys.readouterr().err.splitlines()] == said


def test_loggers_of_runs_and_of_ours_are_shown() -> None:
    assert set(INFO_LOGGERS) == {"prefect.flow_runs", "prefect.task_runs", "podium"}


def test_clean_forgets_which_raw_files_were_read(tmp_path: Path) -> None:
    remembered = tmp_path / "podium_store" / "fingerprints"
    remembered.mkdir(parents=True)
    for name in ("a", "b"):
        (remembered / f"{name}.json").write_text("{}")
    found = invoke("clean", "--reread")
    assert (found.exit_code, found.stdout) == (0, "2 paths of raw files will be read again\n")
    assert list(remembered.iterdir()) == []
