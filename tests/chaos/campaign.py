"""The campaign: which fault has which number, and what comes of it."""

import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.chaos import reference, server
from tests.chaos.faults.all_faults import FAULTS
from tests.chaos.faults.fault import Fault
from tests.chaos.invariants import CHECKS, Check, violations
from tests.chaos.outcomes import Class, Outcome
from tests.chaos.subjects import SUBJECTS, results
from tests.chaos.trial import Missed, Trial

SETTLING_SECONDS = 3.5
"""Age from which the next command deletes what a killed one was writing."""


class Drawn(NamedTuple):
    """A fault of a campaign."""

    number: int
    fault: Fault
    subject: str
    random: Random
    """For all else that is drawn."""


def drawn(seed: int, number: int, *, only: Sequence[str] = (), subjects: Sequence[str] = ()) -> Drawn:
    """The fault of this number; the same for the same seed, whatever came before.

    `only` and `subjects` leave out faults of other kinds and on other subjects: of these numbers there is
    then another one.
    """
    random, kinds = Random(f"{seed} {number}"), list(FAULTS.values())
    wanted = [each for each in kinds if not only or each.name in only]
    if not any(not subjects or set(subjects).intersection(each.subjects) for each in wanted):
        raise SystemExit("expected a kind that is done to one of the subjects, received none")
    while True:
        fault = random.choices(kinds, [each.share for each in kinds])[0]
        subject = random.choice(fault.subjects)
        if (not only or fault.name in only) and (not subjects or subject in subjects):
            return Drawn(number, fault, subject, random)


def tried(seed: int, chosen: Drawn, folder: Path, checks: dict[str, Check] = CHECKS) -> Outcome:
    """Do the fault, give the command again until it ends, and check the invariants."""
    began, name, subject = time.monotonic(), chosen.fault.name, SUBJECTS[chosen.subject]

    def outcome(found: Class, wrong: list[str], trial: Trial | None, notes: list[str]) -> Outcome:
        codes = trial.codes if trial else []
        seconds = round(time.monotonic() - began, 1)
        return Outcome(seed, chosen.number, name, subject.name, found, wrong, notes, codes, seconds)

    if reason := chosen.fault.reason_against():
        return outcome("not possible", [], None, [reason])
    right = reference.ensure(folder, SUBJECTS[subject.like or subject.name])
    server.ensure(folder / "prefect")
    began = time.monotonic()
    trial = Trial(folder / f"trial-{seed}-{chosen.number}", subject, right, chosen.random)
    trial.remove()
    trial.prepare(in_child=chosen.fault.needs_child)
    trial.open_before = set(server.open_runs(folder / "prefect"))
    try:
        found, wrong = done(trial, chosen.fault, results(subject, right), checks)
    except Exception:  # of the campaign's own
        found, wrong = "violation", [f"the campaign failed:\n{traceback.format_exc()}"]
    finally:
        trial.close()
    if not wrong:
        trial.remove()
    return outcome("violation" if wrong else found, wrong, trial, trial.notes)


def done(trial: Trial, fault: Fault, right: list[bytes], checks: dict[str, Check]) -> tuple[Class, list[str]]:
    """Do the fault and give the command again; what came of it, and which invariants are broken."""
    found: Class = "continued"
    try:
        fault.act(trial)
    except Missed as error:
        found = "missed"
        trial.note(str(error))
        for command in trial.commands[len(trial.codes) :]:
            trial.finish(command)
    if found != "missed" and trial.codes[-1:] == [0]:
        found = "unharmed"
    trial.until_done()
    wrong = [*trial.failures, *violations(trial, right, checks)]
    if any("left: " in each for each in wrong):  # of a command that was killed a moment ago
        time.sleep(SETTLING_SECONDS)
        trial.note("the command was given once more, to tidy up")
        trial.finish(trial.start())
        wrong = [*trial.failures, *violations(trial, right, checks)]
    return found, wrong


def faults(
    seed: int,
    numbers: Sequence[int],
    folder: Path,
    *,
    minutes: float = 0,
    only: Sequence[str] = (),
    subjects: Sequence[str] = (),
) -> Iterator[Outcome]:
    """The outcomes of these numbers, one by one; none begins after so many minutes (0: no limit)."""
    deadline = time.monotonic() + minutes * 60
    for number in numbers:
        if minutes and time.monotonic() > deadline:
            return
        yield tried(seed, drawn(seed, number, only=only, subjects=subjects), folder)
