"""What fits into a time: steps on slots, recipes in the preset's order, paces of siblings."""

from functools import partial

import pytest

from flows.budget.plan import PlannedStep
from flows.budget.remaining_time import RemainingTime, journalled
from flows.budget.run_duration import RecipeSchedule, expected_seconds, family, makespan
from tasks.core.cache.store import Store
from tasks.core.execution.cancellation import RunControl
from tests.core.stored_records import line_of


def planned(label: str, *waits_for: str, seconds: float | None = 1.0, member: str = "") -> PlannedStep:
    return PlannedStep(label, "run", "never ran", waits_for, seconds, member)


WORK = ("train", "predict")


def recipe(name: str, *, folds: int = 2, train: float | None = 10.0) -> list[PlannedStep]:
    """A member's steps: a training for each fold, its predictions, their gathering, and those of the test."""
    steps = []
    for fold in range(folds):
        steps.append(planned(f"train {name} fold {fold}", seconds=train))
        steps.append(planned(f"predict {name} fold {fold}", f"train {name} fold {fold}"))
    models, held_out = ([f"{kind} {name} fold {fold}" for fold in range(folds)] for kind in WORK)
    return [
        *steps,
        planned(f"gather {name}", *held_out, member=name),
        planned(f"predict {name} test", *models),
        planned(f"average {name} test", f"gather {name}", f"predict {name} test", member=name),
    ]


def plan_of(*recipes: list[PlannedStep]) -> list[PlannedStep]:
    members = [step for steps in recipes for step in steps]
    blend = planned("blend", *(step.label for step in members if step.member))
    return [PlannedStep("load", "cached", ""), *members, blend, planned("report", "blend")]


def needed(steps: list[PlannedStep]) -> dict[str, float]:
    return RemainingTime(steps, RunControl(), partial(journalled, "run")).needed()


@pytest.mark.parametrize(
    ("folds", "slots", "seconds"),
    [(1, 1, 14), (2, 1, 25), (2, 2, 13), (3, 2, 24), (3, 9, 13), (5, 2, 35)],
)
def test_steps_share_slots(folds: int, slots: int, seconds: float) -> None:
    steps = recipe("a", folds=folds)
    assert makespan(steps, needed(steps), slots=slots) == seconds


def test_a_plan_foretells_its_time_and_what_nothing_tells() -> None:
    assert expected_seconds(plan_of(recipe("a"), recipe("b")), slots=2) == (28, 0)
    assert expected_seconds(plan_of(recipe("a"), recipe("b", train=None)), slots=2) == (18, 2)
    assert expected_seconds([PlannedStep("load", "cached", "")], slots=2) == (0, 0)


def test_a_step_that_waits_keeps_no_slot() -> None:
    steps = [planned("a", seconds=5), planned("b", "a"), planned("c", seconds=5)]
    assert makespan(steps, needed(steps), slots=2) == 6


def test_nothing_to_do_takes_no_time() -> None:
    assert makespan([], {}, slots=2) == 0


@pytest.mark.parametrize(
    ("seconds", "fitting"),
    [(5, []), (13, ["a"]), (25, ["a"]), (26, ["a", "b"]), (400, ["a", "b", "c"]), (12, [])],
)
def test_recipes_fit_in_their_order(seconds: float, fitting: list[str]) -> None:
    steps = plan_of(recipe("a"), recipe("b"), recipe("c", train=300))
    schedule = RecipeSchedule(steps, slots=2)
    assert schedule.fitting(["a", "b", "c"], needed(steps), seconds=seconds) == fitting


def test_a_short_one_fits_behind_a_long_one_that_does_not() -> None:
    steps = plan_of(recipe("a", train=300), recipe("b"))
    assert RecipeSchedule(steps, slots=2).fitting(["a", "b"], needed(steps), seconds=20) == ["b"]


def test_the_last_steps_are_those_that_make_no_member() -> None:
    schedule = RecipeSchedule(plan_of(recipe("a"), recipe("b")), slots=1)
    assert schedule.last == {"blend", "report"}
    assert schedule.labels("a") == {step.label for step in recipe("a")}
    assert schedule.labels("is cached") == set()


def test_a_member_with_new_test_records_needs_their_steps_alone() -> None:
    steps = [PlannedStep(step.label, "cached", "") for step in recipe("a")[:5]]
    scored = [planned("predict a test"), planned("average a test", "predict a test", member="a")]
    schedule = RecipeSchedule(plan_of([*steps, *scored]), slots=1)
    assert schedule.labels("a") == {"predict a test", "average a test"}
    assert schedule.last == {"blend", "report"}


def test_a_second_round_needs_what_it_waits_for() -> None:
    again = planned("gather a-again", "pool a for fold 0", member="a-again")
    pool = planned("pool a for fold 0", "predict a fold 0")
    schedule = RecipeSchedule(plan_of([*recipe("a"), pool, again]), slots=1)
    assert "pool a for fold 0" not in schedule.labels("a")
    assert schedule.labels("a", again=True) == schedule.labels("a") | {pool.label, again.label}


# What a run shows of its pace


def control_after(**seconds: float) -> RunControl:
    """Children with these working times in seconds; underscores stand for spaces."""
    control = RunControl()
    control._finished_seconds = {label.replace("_", " "): working for label, working in seconds.items()}
    return control


def note(*labels: str) -> None:
    for label in labels:
        Store.current().note("run", line_of("train", label=label))


def test_what_is_done_needs_nothing() -> None:
    note("train a fold 0")
    steps = recipe("a")
    found = RemainingTime(steps, RunControl(), partial(journalled, "run"))
    assert found.needed()["train a fold 0"] == 0
    assert found.missing({"average a test", "train a fold 0", "gather a", "predict a fold 0"}) == [
        "predict a fold 0",
        "gather a",
        "average a test",
    ]


def test_siblings_correct_what_was_expected() -> None:
    note("train a fold 0")
    steps = recipe("a")
    steps[2] = steps[2]._replace(seconds=4.0)  # an earlier attempt has done the rest
    found = RemainingTime(steps, control_after(train_a_fold_0=15), partial(journalled, "run")).needed()
    assert found["train a fold 1"] == pytest.approx(6)
    assert found["predict a fold 1"] == 1


def test_siblings_tell_where_nothing_else_does() -> None:
    steps = recipe("a", train=None)
    assert "train a fold 1" not in RemainingTime(steps, RunControl(), partial(journalled, "run")).needed()
    note("train a fold 0")
    assert (
        RemainingTime(steps, control_after(train_a_fold_0=15), partial(journalled, "run")).needed()[
            "train a fold 1"
        ]
        == 15
    )


def test_epochs_tell_what_is_left_here_and_in_other_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    control = RunControl()
    monkeypatch.setattr(control, "seconds_left", lambda label: 80.0 if label == "train a fold 0" else None)
    monkeypatch.setattr(control, "working_time", lambda label: 20.0 if label == "train a fold 0" else 0.0)
    monkeypatch.setattr(control, "is_running", lambda label: label == "train a fold 0")
    found = RemainingTime(recipe("a", train=None), control, partial(journalled, "run")).needed()
    assert found["train a fold 0"] == 80
    assert found["train a fold 1"] == 100


def test_a_step_that_takes_longer_than_expected_needs_a_little_more(monkeypatch: pytest.MonkeyPatch) -> None:
    control = control_after(train_a_fold_0=25)
    assert (
        RemainingTime(recipe("a"), control, partial(journalled, "run")).needed()["train a fold 0"] == 10
    )  # failed; it begins again
    monkeypatch.setattr(control, "is_running", lambda label: True)
    assert RemainingTime(recipe("a"), control, partial(journalled, "run")).needed()["train a fold 0"] == 1
    control._finished_seconds = {"train a fold 0": 4.0}
    assert RemainingTime(recipe("a"), control, partial(journalled, "run")).needed()["train a fold 0"] == 6


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("train a2 fold 0", "train a2 fold"),
        ("train a folds 0 and 12", "train a fold"),
        ("predict a fold 2 for fold 0", "predict a fold for fold"),
        ("predict a test, fold 1", "predict a test, fold"),
        ("train a fold 0 seed 12", "train a fold"),
        ("predict a test, fold 1 seed 0", "predict a test, fold"),
        ("gather a", "gather a"),
    ],
)
def test_folds_of_a_step_are_a_family(label: str, expected: str) -> None:
    assert family(label) == expected
