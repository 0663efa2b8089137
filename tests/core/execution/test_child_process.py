"""Child processes: what they say arrives, how they end is told, and none outlives its parent."""

import json
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core import locations
from tasks.core.contract.folders import competition_names
from tasks.core.errors import UserError
from tasks.core.execution import child_process
from tasks.core.execution.child_messages import (
    EpochProgress,
    Progress,
    RecordProgress,
    parse,
    send,
    to_line,
)
from tasks.core.execution.child_process import ChildFailed, ChildKilled
from tasks.core.files.disk_errors import explained
from tests.core.processes import is_alive, python, until

HERE = "tests.core.execution.test_child_process"


def call(function: Any, timeout_seconds: float = 0, **job: Any) -> None:
    child_process.run(f"{HERE}:{function.__name__}", job, label="a step", timeout_seconds=timeout_seconds)


# Entries of children


def starts_anew(job: dict[str, Any]) -> None:
    """Writes its process id and its open pipe to the parent, twice."""
    first = Path(job["folder"]) / "first"
    file = first.with_name("second") if first.exists() else first
    file.write_text(json.dumps([os.getpid(), str(Path("/proc/self/fd/0").readlink()), job]))
    if file == first:
        child_process.restart()


def answers(job: dict[str, Any]) -> None:
    Path(job["file"]).write_text(json.dumps([job["given"], os.environ["TF_CPP_MIN_LOG_LEVEL"]]))


def names_competitions(job: dict[str, Any]) -> None:
    Path(job["file"]).write_text(" ".join(competition_names()))


def makes_a_mistake(job: dict[str, Any]) -> None:
    raise UserError("labels.txt:3: expected a number\nreceived 'x'")


def fills_the_disk(job: dict[str, Any]) -> None:
    """Writes to a disk without room, as numpy does."""
    with open("/dev/full", "wb") as file:
        np.zeros(10_000).tofile(file)


def sleeps(job: dict[str, Any]) -> None:
    Path(job["file"]).touch()
    time.sleep(60)


def fails(job: dict[str, Any]) -> None:
    for number in range(100):
        print(f"line {number}")
    raise ValueError("something is wrong in the code")


def is_killed(job: dict[str, Any]) -> None:
    print("the last words", flush=True)
    os.kill(os.getpid(), job["signal"])


def speaks(job: dict[str, Any]) -> None:
    send("first")
    print("chatter of a library")
    os.write(2, b"\xff not text\n")
    send("second, with ü and \n a line end")


def leaves_its_line_unfinished(job: dict[str, Any]) -> None:
    print("epoch 1/3 [=====", end="")
    send("half done")
    print("epoch 2/3 [=====", end="")
    raise UserError("no room on the disk")


def starts_a_grandchild(job: dict[str, Any]) -> None:
    grandchild = python("import time; time.sleep(300)")
    Path(job["file"]).write_text(f"{os.getpid()} {grandchild.pid}")
    if not job.get("leaves"):
        time.sleep(300)


def family(file: Path) -> tuple[int, ...]:
    """Ids of child and grandchild, once both are there."""
    return tuple(map(int, until(lambda: file.exists() and file.read_text()).split()))


def test_a_child_gets_its_job_and_a_quiet_environment(tmp_path: Path) -> None:
    call(answers, file=str(tmp_path / "answer"), given="ü\n")
    assert json.loads((tmp_path / "answer").read_text()) == ["ü\n", "2"]


def test_the_environment_of_a_slot_reaches_the_child(tmp_path: Path) -> None:
    job = {"file": str(tmp_path / "answer"), "given": 1}
    environment = {"TF_CPP_MIN_LOG_LEVEL": "7"}
    child_process.run(f"{HERE}:answers", job, label="a step", environment=environment)
    assert json.loads((tmp_path / "answer").read_text()) == [1, "7"]


def test_a_child_finds_competitions_of_the_current_folder_of_an_installed_podium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "competitions" / "roses").mkdir(parents=True)
    (tmp_path / "competitions" / "roses" / "competition.py").touch()
    monkeypatch.delenv("PODIUM_COMPETITIONS", raising=False)
    monkeypatch.setattr(locations, "root", Path.cwd)
    monkeypatch.chdir(tmp_path)
    call(names_competitions, file=str(tmp_path / "names"))
    assert "roses" in (tmp_path / "names").read_text().split()


def test_a_child_starts_anew_with_its_job(tmp_path: Path) -> None:
    call(starts_anew, folder=str(tmp_path))
    first, second = (json.loads((tmp_path / name).read_text()) for name in ("first", "second"))
    assert first == second


def test_other_processes_do_not_start_anew() -> None:
    with pytest.raises(RuntimeError, match="expected a process of"):
        child_process.restart()


def test_a_persons_mistake_crosses_as_one() -> None:
    with pytest.raises(UserError) as caught:
        call(makes_a_mistake)
    assert str(caught.value) == "labels.txt:3: expected a number\nreceived 'x'"


def test_a_failure_carries_the_last_lines_and_no_more() -> None:
    with pytest.raises(ChildFailed) as caught:
        call(fails)
    lines = str(caught.value).splitlines()
    assert lines[0] == "a step: its process ended with code 1; last lines:"
    assert lines[-1] == "ValueError: something is wrong in the code"
    assert len(lines) == child_process.LAST_LINES + 1


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (signal.SIGKILL, "was killed by SIGKILL (the kernel does this when memory runs out); last lines:"),
        (signal.SIGSEGV, "was killed by SIGSEGV; last lines:"),
        (signal.SIGRTMIN + 1, "was killed by signal"),
    ],
    ids=["SIGKILL", "SIGSEGV", "a signal without a name"],
)
def test_a_killed_child_names_its_signal(number: int, told: str) -> None:
    with pytest.raises(ChildKilled) as caught:
        call(is_killed, signal=int(number))
    assert str(caught.value).startswith(f"a step: its process {told}")
    *_, last, what_to_do = str(caught.value).splitlines()
    assert last == "the last words"
    assert what_to_do.startswith("The same command goes on from the last checkpoint.")


@pytest.mark.parametrize(
    "line",
    [
        "MemoryError",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 2.00 GiB for an array",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "OSError: [Errno 12] Cannot allocate memory",
        "RuntimeError: can't start new thread",
        "ImportError: libx.so: failed to map segment from shared object",
    ],
)
def test_a_child_without_memory_is_no_fault_of_the_code(line: str) -> None:
    listener = child_process.Listener("a step")
    listener.receive(line)
    with pytest.raises(ChildKilled, match="If memory ran out"):
        listener.raise_if_failed(child_process.Exit(1, timed_out=False))


def test_a_child_that_a_full_disk_has_ended_is_explained_by_the_disk() -> None:
    listener = child_process.Listener("a step")
    listener.receive("OSError: [Errno 28] No space left on device")
    with pytest.raises(ChildFailed) as caught:
        listener.raise_if_failed(child_process.Exit(-signal.SIGABRT, timed_out=False))
    assert not isinstance(caught.value, ChildKilled)
    assert "expected room to write" in str(explained(caught.value))


def test_what_a_child_tells_reaches_the_log_and_its_chatter_only_the_debugger(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "podium"):
        call(speaks)
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("INFO", "first") in told
    assert ("INFO", "second, with ü and \n a line end") in told
    assert ("DEBUG", "chatter of a library") in told
    assert ("DEBUG", "\ufffd not text") in told


def test_messages_arrive_though_a_library_left_its_line_unfinished(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "podium"), pytest.raises(UserError, match="no room on the disk"):
        call(leaves_its_line_unfinished)
    assert caplog.messages == ["half done"]


def test_lines_are_logged_by_the_thread_that_called(caplog: pytest.LogCaptureFixture) -> None:
    """Prefect files a log under the task whose thread it comes from."""
    with caplog.at_level(logging.INFO, "podium"):
        threads = [threading.Thread(target=call, args=(speaks,), name=f"task {n}") for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    speakers = [record.threadName for record in caplog.records if record.getMessage() == "first"]
    assert sorted(map(str, speakers)) == ["task 0", "task 1"]


# Ends


def test_a_timeout_ends_the_child_and_all_it_started(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ChildFailed, match="took longer than its limit and was ended"):
        call(starts_a_grandchild, timeout_seconds=3, file=str(tmp_path / "family"))
    assert time.monotonic() - began < 10
    until(lambda: not any(map(is_alive, family(tmp_path / "family"))), seconds=2)


def test_nothing_that_a_finished_child_started_stays(tmp_path: Path) -> None:
    call(starts_a_grandchild, file=str(tmp_path / "family"), leaves=True)
    until(lambda: not any(map(is_alive, family(tmp_path / "family"))), seconds=2)


PARENT = f"""
import sys
from tasks.core.execution.child_process import run
run("{HERE}:starts_a_grandchild", {{"file": sys.argv[1]}}, label="a step")
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_child_and_grandchild_die_with_the_parent(tmp_path: Path, number: signal.Signals) -> None:
    parent = python(PARENT, tmp_path / "family")
    below = family(tmp_path / "family")
    assert all(map(is_alive, below))
    parent.send_signal(number)
    until(lambda: not any(map(is_alive, below)), seconds=2)
    parent.communicate(timeout=10)


def test_no_job_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    call(answers, file=str(tmp_path / "answer"), given=1)
    with pytest.raises(UserError):
        call(makes_a_mistake)
    assert list((tmp_path / "temporary").iterdir()) == []


# Progress


def test_progress_tells_rate_and_time_left_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, told = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress("photographs", 100, send=told.append, every_seconds=10)
    for done in range(0, 101, 10):
        progress.at(done)
        clock[0] += 4
    assert told[0].text() == "30 of 100 photographs, 2.5/s, 28 s left"
    assert len(told) == 3


def test_progress_that_resumes_counts_its_rate_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, told = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress("steps", 1000, send=told.append, every_seconds=1)
    progress.at(900)
    clock[0] += 10
    progress.at(950)
    assert told == [RecordProgress(950, 1000, "steps", 5.0, 10.0)]


def test_progress_is_sent_as_fields() -> None:
    epoch = EpochProgress(3, 20, {"loss": 0.123456789, "held_out_f1": 0.25}, 9.51, "steps", 40.2)
    fields = to_line(epoch)[1:]
    assert json.loads(fields) == {
        "epoch": 3,
        "total": 20,
        "figures": {"loss": 0.123456789, "held_out_f1": 0.25},
        "rate": 9.51,
        "unit": "steps",
        "seconds_left": 40.2,
    }
    assert parse(fields) == epoch
    assert epoch.text() == "epoch 3 of 20: loss 0.1235, held_out_f1 0.25, 9.5 steps/s, 40 s left"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_message_and_no_traceback() -> None:
    with pytest.raises(UserError, match="expected room to write, received “no space left on device”"):
        call(fills_the_disk)


KILLED = """
import sys
from tasks.core.execution import child_process
child_process.run(f"{sys.argv[1]}:sleeps", {"file": sys.argv[2]}, label="a step")
"""


def test_a_kill_leaves_no_file_of_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, began = tmp_path / "temporary", tmp_path / "began"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    parent = python(KILLED, HERE, str(began))
    until(began.exists)
    parent.kill()
    parent.communicate(timeout=20)
    assert list(folder.iterdir()) == []
