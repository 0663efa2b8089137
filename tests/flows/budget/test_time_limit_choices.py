"""What a run with little time leaves out, and what it says; steps and futures are made up."""

import logging
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import pytest

from flows.budget import time_limit
from flows.budget.plan import PlannedStep
from flows.budget.recipe_selection import only_recipes, recipe_names
from flows.budget.time_limit import LimitedBudget, settings_within
from tasks.core.errors import UserError
from tasks.core.execution.cancellation import RunControl
from tasks.core.execution.slots import graphics_cards
from tests.flows.budget.test_run_duration import plan_of, planned, recipe


class State(NamedTuple):
    completed: bool

    def is_completed(self) -> bool:
        return self.completed


class Result:
    """A future that is over, or ends when its step is refused."""

    def __init__(self, label: str, control: RunControl, *, completed: bool | None) -> None:
        self._label, self._control, self._completed = label, control, completed
        self._tell: Callable[[Any], None] = lambda future: None

    def add_done_callback(self, tell: Callable[[Any], None]) -> None:
        self._tell = tell
        if self._completed is not None:
            tell(self)

    def refused(self) -> None:
        if self._completed is None and self._label in self._control._cancelled:
            self._completed = False
            self._tell(self)

    def wait(self) -> None:
        assert self._completed is not None

    @property
    def state(self) -> State:
        return State(bool(self._completed))


class Member(NamedTuple):
    results: list[Result]


class ControlOfFutures(RunControl):
    """Lets futures end as Prefect does after their steps."""

    futures: list[Result]

    def cancel(self, labels: Any) -> None:
        super().cancel(labels)
        for future in self.futures:
            future.refused()


@pytest.fixture(autouse=True)
def two_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("PODIUM_SLOTS", "2")
    monkeypatch.setattr(time_limit, "POLL_SECONDS", 0.01)
    graphics_cards.cache_clear()


def config(*names: str, seconds: float, competition: str = "extraction", **changes: Any) -> Any:
    schema = import_module(f"tasks.{competition}.config").Config
    recipes = [{"name": name} for name in names]
    return schema.model_validate({"recipes": recipes, "run": {"budget_seconds": seconds}, **changes})


def foretell(*recipes: list[PlannedStep], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let plans be of those recipes that the settings have."""

    def plan(competition: str, config: Any) -> list[PlannedStep]:
        wanted = set(recipe_names(config))
        return plan_of(*(steps for steps in recipes if steps[-1].member.removesuffix("-again") in wanted))

    monkeypatch.setattr(time_limit, "plan", plan)


def limited(
    settings: Any, *recipes: list[PlannedStep], monkeypatch: pytest.MonkeyPatch
) -> tuple[LimitedBudget, ControlOfFutures]:
    """A budget at its start."""
    foretell(*recipes, monkeypatch=monkeypatch)
    control = ControlOfFutures()
    control.futures = []
    return LimitedBudget("extraction", settings, control, began=time.monotonic()), control


def members(control: ControlOfFutures, **completed: bool | None) -> dict[str, Any]:
    """Members by name whose results are all there, failed, or (None) on their way."""
    states = {name.replace("_", "-"): state for name, state in completed.items()}
    return {name: member(control, name, gather=state, average=state) for name, state in states.items()}


def member(control: ControlOfFutures, name: str, *, gather: bool | None, average: bool | None) -> Member:
    """A member with the states of its two results."""
    results = [
        Result(f"gather {name}", control, completed=gather),
        Result(f"average {name} test", control, completed=average),
    ]
    control.futures += results
    return Member(results)


def there(name: str) -> list[PlannedStep]:
    """A recipe whose steps need no more time."""
    return [step._replace(seconds=0.0) for step in recipe(name)]


def test_what_earlier_runs_say_does_not_fit_does_not_begin(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "podium")
    settings = config("a", "casrel", "c", seconds=1585)
    made, control = limited(
        settings, recipe("a"), recipe("casrel", train=2400), recipe("c"), monkeypatch=monkeypatch
    )
    assert recipe_names(made.config) == ["a", "c"]
    kept = made.finished(members(control, a=True, c=True))
    assert kept.left_out == {"casrel": "needs about 40 min, 26 min left beside a"}
    assert recipe_names(kept.config) == ["a", "c"]
    messages = [record.getMessage() for record in caplog.records]
    assert messages[:4] == [
        "26 min in all, 8 s of it for the last steps",
        "a: needs about 13 s",
        "casrel: needs about 40 min",
        "c: needs about 13 s",
    ]
    assert "casrel: left out, needs about 40 min, 26 min left beside a" in messages


def test_a_plan_says_beforehand_what_a_run_leaves_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    foretell(recipe("a"), recipe("casrel", train=2400), recipe("c"), monkeypatch=monkeypatch)
    settings = config("a", "casrel", "c", seconds=0)
    fitting = settings_within("extraction", settings, seconds=1585)
    assert recipe_names(fitting) == ["a", "c"]
    assert "casrel: left out, needs about 40 min, 26 min left beside a" in caplog.messages
    assert settings_within("extraction", settings, seconds=9000).recipes == settings.recipes


def test_what_fits_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=100)
    made, control = limited(settings, recipe("a"), recipe("b"), monkeypatch=monkeypatch)
    given = members(control, a=True, b=True)
    assert made.finished(given) == (settings, given, {})


def test_where_nothing_fits_the_least_begins(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = config("a", "b", seconds=60)
    made, _ = limited(settings, recipe("a", train=9000), recipe("b", train=7200), monkeypatch=monkeypatch)
    assert recipe_names(made.config) == ["b"]
    assert (
        caplog.records[-1].getMessage().startswith("that is more than the time limit; the run starts anyway")
    )


def test_what_nothing_tells_of_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=60)
    made, _ = limited(settings, recipe("a", train=None), recipe("b", train=None), monkeypatch=monkeypatch)
    assert made.config == settings


def test_what_is_not_there_when_the_time_is_over_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=4)
    never = [step._replace(seconds=None) for step in recipe("b")]
    made, control = limited(settings, there("a"), never, monkeypatch=monkeypatch)
    kept = made.finished(members(control, a=True, b=None))
    assert kept.left_out == {"b": "not finished in time, needs an unknown time"}
    assert recipe_names(kept.config) == list(kept.members) == ["a"]
    assert {
        "train b fold 0",
        "predict b fold 1",
        "gather b",
        "predict b test",
        "average b test",
    } <= control._cancelled
    assert not control._cancelled & {"train a fold 0", "gather a", "average a test", "blend", "report"}


def test_one_whose_own_pace_says_so_is_left_out_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=600)
    made, control = limited(settings, there("a"), recipe("b", train=None), monkeypatch=monkeypatch)
    monkeypatch.setattr(control, "seconds_left", lambda label: 3000.0 if label == "train b fold 0" else None)
    monkeypatch.setattr(control, "working_time", lambda label: 60.0 if label == "train b fold 0" else 0.0)
    kept = made.finished(members(control, a=True, b=None))
    assert list(kept.members) == ["a"]
    assert kept.left_out["b"].startswith("needs about 51 min, 10 min left beside a")


def test_a_member_whose_test_scores_are_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=4)
    slow = [
        planned("predict b test", seconds=None),
        planned("average b test", "predict b test", seconds=None, member="b"),
    ]
    made, control = limited(settings, there("a"), slow, monkeypatch=monkeypatch)
    given = members(control, a=True) | {"b": member(control, "b", gather=True, average=None)}
    kept = made.finished(given)
    assert list(kept.members) == ["a"]
    assert kept.left_out == {"b": "not finished in time, needs an unknown time"}
    assert control._cancelled == {"predict b test", "average b test"}


def test_a_member_whose_test_scores_fail_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=60)
    made, control = limited(settings, recipe("a"), recipe("b"), monkeypatch=monkeypatch)
    given = members(control, a=True) | {"b": member(control, "b", gather=True, average=False)}
    assert made.finished(given) == (settings, given, {})


def test_without_any_member_one_message_says_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=0.2)
    made, control = limited(settings, recipe("a", train=900), recipe("b"), monkeypatch=monkeypatch)
    control._finished_seconds = {"train b fold 0": 7.0}
    with pytest.raises(UserError) as caught:
        made.finished(members(control, b=None))
    assert str(caught.value).splitlines() == [
        "run: no recipe was finished in 0 s, so there is no submission yet",
        "  a: needs about 15 min, 0 s left",
        "  b: not finished in time, needs about 13 s; missing: train b fold 0 (7 s of it done), "
        "predict b fold 0, train b fold 1 and 4 more",
        "finished steps and checkpoints are kept; the same command continues from them",
    ]


def test_a_failure_is_no_matter_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=60)
    made, control = limited(settings, recipe("a"), recipe("b"), monkeypatch=monkeypatch)
    given = members(control, a=True, b=False)
    assert made.finished(given) == (settings, given, {})


def again(name: str, *, train: float) -> list[PlannedStep]:
    """A second round that rests on the first one's first fold."""
    steps = recipe(f"{name}-again", train=train)
    return [steps[0]._replace(waits_for=(f"predict {name} fold 0",)), *steps[1:]]


TWICE: dict[str, Any] = {"second_round": {"run": True}, "folds": {"count": 3}}


@pytest.mark.parametrize(("train", "runs"), [(10.0, True), (1000.0, False)])
def test_a_second_round_is_left_out_where_only_the_first_fits(
    train: float, runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config("a", seconds=200, **TWICE)
    made, control = limited(settings, recipe("a"), again("a", train=train), monkeypatch=monkeypatch)
    assert made.config.second_round.run == runs
    given = members(control, a=True, **({"a_again": True} if runs else {}))
    kept = made.finished(given)
    assert list(kept.members) == list(given)
    assert list(kept.left_out) == ([] if runs else ["second round"])


def test_a_second_round_of_which_a_member_lacks_is_left_out_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=3.5, **TWICE)
    rounds = [recipe("a"), again("a", train=0), recipe("b"), again("b", train=0)]
    rounds = [[step._replace(seconds=0.0) for step in steps] for steps in rounds]
    made, control = limited(settings, *rounds, monkeypatch=monkeypatch)
    kept = made.finished(members(control, a=True, a_again=True, b=True, b_again=None))
    assert list(kept.members) == ["a", "b"]
    assert kept.left_out == {"second round": "not finished in time"}
    assert not kept.config.second_round.run


def test_a_second_round_that_rests_on_a_recipe_left_out_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config("a", "b", seconds=600, **TWICE)
    shared = again("a", train=1.0)
    shared[0] = planned("train a-again fold 0", "predict a fold 0", "predict b fold 0")
    made, control = limited(settings, recipe("a"), recipe("b", train=None), shared, monkeypatch=monkeypatch)
    monkeypatch.setattr(control, "seconds_left", lambda label: 3000.0 if label == "train b fold 0" else None)
    monkeypatch.setattr(control, "working_time", lambda label: 60.0 if label == "train b fold 0" else 0.0)
    kept = made.finished(members(control, a=True, b=None, a_again=None))
    assert list(kept.members) == ["a"]
    assert list(kept.left_out) == ["b", "second round"]


@pytest.mark.parametrize("competition", ["dogs", "nl2sql", "extraction"])
def test_settings_of_fewer_recipes_keep_all_else(competition: str) -> None:
    settings = config("a", "b", seconds=9, competition=competition, seed=3)
    fewer = only_recipes(settings, ["b"], again=False)
    assert recipe_names(fewer) == ["b"]
    assert fewer.model_dump(exclude={"recipes"}) == settings.model_dump(exclude={"recipes"})


def test_pseudo_labels_are_a_second_round() -> None:
    settings = config("a", "b", seconds=9, competition="dogs", pseudo={"share": 0.5})
    assert only_recipes(settings, ["a"], again=True).pseudo.share == 0.5
    assert only_recipes(settings, ["a"], again=False).pseudo.share == 0
