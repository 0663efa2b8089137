"""What must hold after each fault, when the command has ended: each check returns what is wrong."""

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tasks.core.cache.verification import verify
from tasks.core.files.temporary import FOLDER, HIDDEN
from tests.chaos.command import marked, words_of
from tests.chaos.server import open_runs
from tests.chaos.subjects import results
from tests.chaos.trial import Trial
from tests.flows.resumptions import redone

Check = Callable[[Trial, list[bytes]], list[str]]
ENDING_SECONDS = 70.0
"""In which processes end whose flow was killed: those on a cluster end after a minute without a lease."""
SERVER_SECONDS = 20.0
TRACES = ("Traceback (most recent call last)", "Crash detected", "During handling of the above exception")
UNPLANNED = re.compile(r"^\S*(?:Error|Exception): ", re.MULTILINE)
GOOD_CODES = (0, 2, 130)
INTERRUPTED = 130
SHORTEST_MESSAGE = 30


def same_results(trial: Trial, right: list[bytes]) -> list[str]:
    """The command's files are those of the unharmed run, byte for byte."""
    if trial.codes[-1:] != [0]:
        return [f"no end without an error: exit codes {trial.codes}"]
    found = results(trial.subject, trial.folder)
    if not found:
        return ["no result, though the command ended without an error"]
    return ["a result is not that of the unharmed run"] if any(each != right[0] for each in found) else []


def little_redone(trial: Trial, right: list[bytes]) -> list[str]:
    """At most one checkpoint interval, here an epoch, of a training is done twice."""
    if not (trial.subject.counts_epochs and trial.attempts_alike):
        return []
    lines = [line for command in trial.commands for line in command.output().splitlines()]
    most, allowed = max(redone(lines), default=0), 1 + trial.lost_checkpoints
    return [f"{most} checkpoint intervals were done twice, expected at most {allowed}"] * (most > allowed)


def no_process(trial: Trial, right: list[bytes]) -> list[str]:
    """No process of the trial is left but Prefect's server."""
    deadline = time.monotonic() + ENDING_SECONDS
    while (left := marked(trial.mark)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return [f"process {each.pid} is left: {words_of(each)[:150]}" for each in left]


def nothing_held(trial: Trial, right: list[bytes]) -> list[str]:
    """Every slot and lock is free, and no file says that somebody holds or waits for a slot."""
    locks = [*trial.folder.glob("store/locks/*"), *trial.folder.glob("slots/*.lock")]
    held = [f"lock {path.name} is held" for path in locks if not _is_free(path)]
    files = [*trial.folder.glob("slots/*.holder.json"), *trial.folder.glob("slots/waiting/*")]
    return [*held, *(f"left: {path.relative_to(trial.folder)}" for path in files)]


def nothing_temporary(trial: Trial, right: list[bytes]) -> list[str]:
    """No temporary file or folder is left in the store, beside submissions, or among the machine's."""
    return [f"left: {path.relative_to(trial.folder)}" for path in _temporary(trial.folder)]


def _temporary(folder: Path) -> Iterator[Path]:
    for path in [
        *folder.glob("store/*/*"),
        *folder.glob("store/partial/*/*"),
        *folder.glob("submissions/*/*"),
    ]:
        if FOLDER.fullmatch(path.name) or HIDDEN.fullmatch(path.name):
            yield path
    yield from folder.glob("store/partial/*")  # of a training that has ended
    for path in (folder / "tmp").iterdir():
        if path.name != "podium-temporary" and not path.name.startswith("podium-temporary-"):
            yield path
        elif path.is_dir():
            yield from path.iterdir()


def records_are_true(trial: Trial, right: list[bytes]) -> list[str]:
    """Every record names an artifact that is there and whole, and so does the provenance of a submission."""
    found = [f"damaged: {line}" for line in verify(trial.store, dry_run=True).damaged]
    for record in trial.store.records():
        if trial.store.result_of(record) is None:
            found.append(f"the record of {record['label']} names an artifact that is not there")
    if not trial.subject.needs_all:  # what the command did not use is as the fault has left it
        found = [line for line in found if not any(name in line for name in trial.damaged)]
    for path in trial.folder.glob("submissions/*/*/provenance.json"):
        steps: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["steps"]
        for step in steps:
            name = step.get("artifact")
            if name and not trial.store.has(name) and name not in trial.damaged:
                found.append(f"{path.parent.name}: its provenance names {name}, which is not there")
    return found


def clear_messages(trial: Trial, right: list[bytes]) -> list[str]:
    """Each command that did not end well says what happened and what to do, and none shows a traceback."""
    found = []
    for number, command in enumerate(trial.commands):
        text, code = command.output(), command.process.returncode
        found += [f"command {number} prints “{trace}”" for trace in TRACES if trace in text]
        if code is not None and code < 0:
            continue  # killed: it says nothing
        if code not in GOOD_CODES:
            found.append(f"command {number} ended with exit code {code}")
        elif code == INTERRUPTED and "The same command continues" not in text:
            found.append(f"command {number} was interrupted and does not say what continues it")
        elif code == 2 and len(text.rpartition("podium: ")[2]) < SHORTEST_MESSAGE:
            found.append(f"command {number} ended with exit code 2 and no message")
    return found + ["a command hung"] * (None in trial.codes)


def server_is_final(trial: Trial, right: list[bytes]) -> list[str]:
    """Prefect's server knows how each run and each step has ended."""
    home = trial.folder.parent / "prefect"
    deadline = time.monotonic() + SERVER_SECONDS
    while (left := open_runs(home).keys() - trial.open_before) and time.monotonic() < deadline:
        time.sleep(1)
    return [f"the server has {what}" for id, what in open_runs(home).items() if id in left]


CHECKS: dict[str, Check] = {
    "same results": same_results,
    "little redone": little_redone,
    "no process left": no_process,
    "nothing held": nothing_held,
    "nothing temporary": nothing_temporary,
    "records are true": records_are_true,
    "clear messages": clear_messages,
    "final states": server_is_final,
}


def violations(trial: Trial, right: list[bytes], checks: dict[str, Check] = CHECKS) -> list[str]:
    """What is wrong, each with the name of its check."""
    return [f"{name}: {what}" for name, check in checks.items() for what in check(trial, right)]


def _is_free(path: Path) -> bool:
    """Whether nobody has locked the file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except (FileNotFoundError, IsADirectoryError):
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
