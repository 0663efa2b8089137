"""A study: each trial is finished once, whoever dies; suggestions do not depend on interruptions."""

from pathlib import Path
from typing import Any

import pytest

from tasks.learning.search.study import ATTEMPTS
from tasks.learning.search.trials import best
from tests.core.processes import finished, python, until
from tests.learning.studies import begin, carried_out, end, score, start, study, told


def states(own: Any) -> list[str]:
    return [trial.state for trial in own.trials()]


def test_there_are_as_many_trials_as_were_asked_for():
    assert [trial.number for trial in carried_out(9)] == list(range(9))
    assert len(carried_out(12)) == 12
    assert len(carried_out(5)) == 12  # fewer than there are: none is begun


def test_the_first_trial_is_the_settings_as_they_are():
    first = carried_out(1)[0]
    assert first.params == start()
    assert first.differences == {}


def test_suggestions_find_the_best():
    winner = best(carried_out(30))
    assert winner is not None
    assert abs(winner.params["x"] - 0.5) < 0.2
    assert winner.params["kind"] == "a"


def test_a_lower_score_wins_where_lower_is_better():
    own = study()
    with own.register_owner() as owner:
        for value in (3.0, 1.0, 2.0):
            begun = begin(own, owner)
            assert begun is not None
            own.complete(begun.number, score({})._replace(value=value, higher_is_better=False))
    winner = best(own.trials())
    assert winner is not None
    assert winner.number == 1


def test_seeds_decide_suggestions():
    assert told(carried_out(15, "a", seed=1)) == told(carried_out(15, "b", seed=1))
    assert told(carried_out(15, "c", seed=2))[1:] != told(carried_out(15, "a", seed=1))[1:]


def test_interruptions_change_no_suggestion():
    expected = told(carried_out(25, "whole"))
    for _ in range(4):
        own = study("torn")
        with own.register_owner() as owner:
            for _ in range(5):
                end(own, begin(own, owner, 25))
            begin(own, owner, 25)  # it is left running, as a process that was killed leaves it
    assert told(carried_out(25, "torn")) == expected


def test_a_suggestion_that_was_cut_off_goes_on_as_it_would_have():
    expected = carried_out(14, "whole")[13]
    carried_out(13, "torn")
    own = study("torn")
    with own.register_owner() as owner, pytest.raises(KeyboardInterrupt):
        own.begin(owner, total=14, initial_params=start, suggest=cut_off)
    assert told(carried_out(14, "torn"))[13] == expected._replace(seconds=None)


def cut_off(trial: Any) -> dict[str, Any]:
    trial.suggest_float("x", -2.0, 2.0)
    raise KeyboardInterrupt


def test_a_trial_of_a_living_process_is_left_alone():
    own, other = study(), study()
    with own.register_owner() as owner:
        begin(own, owner)
        with other.register_owner() as another:
            begun = begin(other, another)
    assert begun is not None
    assert begun.number == 1
    assert states(own) == ["running", "running"]


def test_a_trial_of_a_killed_process_is_the_next_with_its_number_and_reports(tmp_path: Path):
    code = (
        "import sys, time; from tests.learning.studies import *; own = study()\n"
        "with own.register_owner() as owner:\n"
        "    b = begin(own, owner); own.report(b.number, 1, .25); time.sleep(60)"
    )
    process = python(code)
    own = study()
    until(lambda: [trial for trial in own.trials() if trial.reports])
    with own.register_owner() as owner:
        ahead = begin(own, owner)
        process.kill()
        process.communicate()
        begun = begin(own, owner)
    assert ahead is not None
    assert begun is not None
    assert (ahead.number, begun.number) == (1, 0)
    assert own.trials()[0].reports == {1: 0.25}


def abandoned(own: Any) -> int:
    """Begin a trial in a process that is gone at once."""
    with own.register_owner() as owner:
        begun = begin(own, owner)
    assert begun is not None
    return begun.number


def test_a_trial_killed_again_and_again_without_getting_on_has_failed():
    own = study()
    assert [abandoned(own) for _ in range(ATTEMPTS + 1)] == [0, 0, 1]
    assert states(own) == ["fail", "running"]


def test_a_trial_that_gets_on_may_be_killed_for_ever():
    own = study()
    for _ in range(ATTEMPTS + 3):
        assert abandoned(own) == 0
        own.mark_progress(0)


def test_a_trial_that_was_put_back_was_not_tried():
    own = study()
    with own.register_owner() as owner:
        for _ in range(ATTEMPTS + 3):
            begun = begin(own, owner)
            assert begun is not None
            own.requeue(begun.number)
    assert states(own) == ["waiting"]


def test_a_trial_that_fails_is_tried_once_more():
    own = study()
    with own.register_owner() as owner:
        numbers = []
        for _ in range(3):
            begun = begin(own, owner)
            assert begun is not None
            numbers.append(begun.number)
            own.fail(begun.number, "out of memory")
    assert numbers == [0, 0, 1]
    assert states(own) == ["fail", "waiting"]


def test_what_is_finished_stays_as_it_is():
    own = study()
    with own.register_owner() as owner:
        begin(own, owner)
        own.complete(0, score({}))
        before = own.trials()
        own.requeue(0)
        own.fail(0, "late")
        own.prune(0)
        assert own.trials() == before


def test_processes_share_a_study_without_loss():
    code = (
        "import sys; from tests.learning.studies import *; own = study()\n"
        "with own.register_owner() as owner:\n"
        "  while b := begin(own, owner, 24): own.complete(b.number, score(b.differences)); print(b.number)"
    )
    printed = finished(*[python(code) for _ in range(3)])
    assert sorted(int(number) for each in printed for number in each.split()) == list(range(24))
    assert states(study()) == ["complete"] * 24


def test_bad_trials_are_given_up_in_the_middle():
    own = study()
    with own.register_owner() as owner:
        for value in range(6):
            begun = begin(own, owner)
            assert begun is not None
            assert not own.report(begun.number, 2, float(value))
            own.complete(begun.number, score(begun.differences))
        begun = begin(own, owner)
        assert begun is not None
        assert own.report(begun.number, 2, 0.0)
        assert own.report(begun.number, 2, 9.0)  # a step counts once


@pytest.mark.parametrize("pruner", ["median", "hyperband", "none"])
def test_the_first_trial_is_never_given_up(pruner: str):
    own = study(pruner=pruner)
    with own.register_owner() as owner:
        begin(own, owner)
        for value in range(1, 9):
            begun = begin(own, owner)
            assert begun is not None
            for step in range(1, 9):
                own.report(begun.number, step, float(value))
            own.complete(begun.number, score(begun.differences))
        assert not any(own.report(0, step, -1.0) for step in range(1, 9))


def test_importances_are_shares(tmp_path: Path):
    carried_out(3)
    assert study().importances() == {}
    carried_out(30)
    found = study().importances()
    assert found.keys() == {"x", "kind"}
    assert sum(found.values()) == pytest.approx(1)
