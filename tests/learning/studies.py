"""Studies for tests: a search of two numbers, as settings change."""

from typing import Any

from tasks.core.competition import Score
from tasks.learning.search.config import Search
from tasks.learning.search.study import StartedTrial, Study
from tasks.learning.search.trials import Trial

STEPS = 8


def study(name: str = "one", **settings: Any) -> Study:
    """Opened anew, as another process would."""
    return Study(Search(study=name, **settings), competition="toy", steps=STEPS)


def suggest(trial: Any) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -2.0, 2.0), "kind": trial.suggest_categorical("kind", ["a", "b"])}


def start() -> dict[str, Any]:
    return {"x": 2.0, "kind": "b"}


def begin(own: Study, owner: str, total: int = 30) -> StartedTrial | None:
    return own.begin(owner, total=total, initial_params=start, suggest=suggest)


def score(differences: dict[str, Any], *, higher_is_better: bool = True) -> Score:
    """Best at x = 0.5 of kind a; 0.1 for the settings as they are."""
    if not differences:
        return Score("accuracy", 0.1, 0.01, higher_is_better)
    return Score(
        "accuracy", 1 - (differences["x"] - 0.5) ** 2 - (differences["kind"] == "b"), 0.01, higher_is_better
    )


def carried_out(total: int, name: str = "one", **settings: Any) -> list[Trial]:
    """A search of one worker that nothing interrupts; every seventh trial is given up."""
    own = study(name, **settings)
    with own.register_owner() as owner:
        while begun := begin(own, owner, total):
            end(own, begun)
    return own.trials()


def end(own: Any, begun: Any) -> None:
    own.report(begun.number, 1, begun.differences.get("x", 0.0))
    if begun.number % 7 == 6:
        own.prune(begun.number)
    else:
        own.complete(begun.number, score(begun.differences))


def told(trials: list[Trial]) -> list[Trial]:
    return [trial._replace(seconds=None) for trial in trials]
