"""The campaign's own bookkeeping: faults are drawn again, and what is wrong is found and said."""

import fcntl
import random
from pathlib import Path

import pytest

from tasks.core.cache.store import Store
from tests.chaos import campaign, invariants
from tests.chaos.faults.all_faults import FAULTS
from tests.chaos.faults.fault import Fault
from tests.chaos.outcomes import Outcome, keep, kept, table
from tests.chaos.subjects import SUBJECTS, forget_steps
from tests.chaos.trial import Missed, Trial

RIGHT = [b"right"]
NAME = "0" * 32
"""As of a temporary folder."""


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A trial of which no command was given yet, whose result is right."""
    trial = Trial(tmp_path / "trial", SUBJECTS["dogs"], tmp_path / "reference", random.Random(0))
    trial.prepare()
    result = trial.folder / "submissions/dogs/one/submission.txt"
    result.parent.mkdir(parents=True)
    result.write_bytes(RIGHT[0])
    return trial


def ended(code: int) -> Fault:
    """A fault after which the command has ended with this code."""
    return Fault("none", lambda trial: trial.codes.append(code))


def test_a_number_gives_the_same_fault_again():
    first = [campaign.drawn(7, number) for number in range(1, 40)]
    alone = campaign.drawn(7, 37)
    assert (alone.fault, alone.subject) == (first[36].fault, first[36].subject)
    assert alone.random.random() == first[36].random.random()


def test_a_thousand_faults_are_of_all_kinds_and_subjects():
    found = [campaign.drawn(1, number) for number in range(1, 1001)]
    assert {each.fault.name for each in found} == set(FAULTS)
    assert {each.subject for each in found} == set(SUBJECTS)


def test_kinds_and_subjects_are_chosen():
    chosen = campaign.drawn(1, 5, only=["SIGTERM"], subjects=["nl2sql"])
    assert (chosen.fault.name, chosen.subject) == ("SIGTERM", "nl2sql")


def test_a_broken_invariant_is_a_violation_that_says_how_to_give_the_fault_again(trial):
    broken = {"broken": lambda trial, right: ["it is always wrong"]}
    assert campaign.done(trial, ended(0), RIGHT, broken) == ("unharmed", ["broken: it is always wrong"])
    outcome = Outcome(5, 37, "none", "dogs", "violation", ["broken: it is always wrong"], [], [0], 1.0)
    assert "again: python -m tests.chaos --seed 5 --fault 37" in outcome.text()


def test_a_fault_without_a_target_is_missed(trial):
    def act(trial: Trial) -> None:
        trial.codes.append(0)
        raise Missed("there was none")

    assert campaign.done(trial, Fault("none", act), RIGHT, {}) == ("missed", [])
    assert trial.notes[-1] == "there was none"


def test_outcomes_are_kept_and_a_later_one_of_the_same_fault_counts(tmp_path):
    bad = Outcome(1, 2, "SIGTERM", "dogs", "violation", ["left"], [], [1], 3.0)
    for outcome in (bad, bad._replace(number=3, found="unharmed"), bad._replace(found="continued")):
        keep(tmp_path, outcome)
    assert [(each.number, each.found) for each in kept(tmp_path)] == [(2, "continued"), (3, "unharmed")]
    lines = table(kept(tmp_path), ["SIGTERM"]).splitlines()
    assert lines[1].split(" | ")[1:3] == ["2     ", "1       "]


def test_other_bytes_and_no_end_are_found(trial):
    trial.codes = [0]
    assert invariants.same_results(trial, RIGHT) == []
    assert invariants.same_results(trial, [b"other"]) == ["a result is not that of the unharmed run"]
    trial.codes = [0, 2]
    assert "[0, 2]" in invariants.same_results(trial, RIGHT)[0]


def test_what_is_left_is_found(trial):
    assert invariants.nothing_held(trial, RIGHT) == invariants.nothing_temporary(trial, RIGHT) == []
    names = ("store/locks/held", "slots/cpu-0.lock", "slots/cpu-0.holder.json", f"store/temporary/{NAME}")
    for name in names:
        path = trial.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with (trial.folder / "store/locks/held").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = invariants.nothing_held(trial, RIGHT)
    assert found == ["lock held is held", "left: slots/cpu-0.holder.json"]
    assert invariants.nothing_temporary(trial, RIGHT) == [f"left: store/temporary/{NAME}"]


def test_a_record_of_what_is_not_there_is_found(trial):
    from tests.core.stored_records import record_of

    store = Store(trial.folder / "store")
    with store.new_folder() as folder:
        (folder / "file").write_text("result")
        artifact = store.keep("model", folder)
    record = record_of(artifact, step="train")
    store.write_record(record["key"], record)
    assert invariants.records_are_true(trial, RIGHT) == []
    assert forget_steps(store, random.Random(0), in_child=True) == [record["label"]]
    assert not list(store.records())
    store.write_record(record["key"], record)
    assert len(invariants.records_are_true(trial, RIGHT)) == 1
