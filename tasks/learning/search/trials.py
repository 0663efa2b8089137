"""Trials of a study as they stand, and the best of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tasks.core.competition import Score


class Trial(NamedTuple):
    """A trial as it stands."""

    number: int
    state: str
    """`complete`, `pruned`, `fail`, `running` or `waiting`."""
    score: Score | None
    params: dict[str, Any]
    differences: dict[str, Any]
    reports: dict[int, float]
    """How it stood on its way, more being better (`tasks.learning.search.study.Study.report`)."""
    seconds: float | None
    """Since it was last begun."""

    @property
    def finished(self) -> bool:
        return self.state in ("complete", "pruned", "fail")


def trial_of(frozen: Any) -> Trial:
    """A trial as `tasks.learning.search.study` marks it, of Optuna's."""
    told = frozen.user_attrs
    return Trial(
        number=frozen.number,
        state=frozen.state.name.lower(),
        score=Score(**told["score"]) if "score" in told else None,
        params=dict(frozen.params),
        differences=told.get("differences", {}),
        reports=dict(sorted(frozen.intermediate_values.items())),
        seconds=frozen.duration.total_seconds() if frozen.duration else None,
    )


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """The complete trials, the best first; of equal scores the earlier trial first."""
    complete = [(trial.score.signed, trial) for trial in trials if trial.state == "complete" and trial.score]
    return [trial for _, trial in sorted(complete, key=lambda entry: (-entry[0], entry[1].number))]


def best(trials: Sequence[Trial]) -> Trial | None:
    """The complete trial that scores best, the earliest of equal ones."""
    return next(iter(ranked(trials)), None)
