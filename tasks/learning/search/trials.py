"""State of a study's trials, and their ranking."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tasks.core.competition import Score


class Trial(NamedTuple):
    """State of a trial."""

    number: int
    state: str
    """`complete`, `pruned`, `fail`, `running` or `waiting`."""
    score: Score | None
    params: dict[str, Any]
    differences: dict[str, Any]
    reports: dict[int, float]
    """Signed score by step, higher is better (`tasks.learning.search.study.Study.report`)."""
    seconds: float | None
    """Duration of the last attempt."""

    @classmethod
    def of(cls, frozen: Any) -> "Trial":
        """Make a trial of Optuna's frozen trial, with the attributes that `Study` has set."""
        attributes = frozen.user_attrs
        return cls(
            number=frozen.number,
            state=frozen.state.name.lower(),
            score=Score(**attributes["score"]) if "score" in attributes else None,
            params=dict(frozen.params),
            differences=attributes.get("differences", {}),
            reports=dict(sorted(frozen.intermediate_values.items())),
            seconds=frozen.duration.total_seconds() if frozen.duration else None,
        )

    @property
    def finished(self) -> bool:
        return self.state in ("complete", "pruned", "fail")


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Return the complete trials, the best first; of equal scores the earlier trial first."""
    complete = [(trial.score.signed, trial) for trial in trials if trial.state == "complete" and trial.score]
    return [trial for _, trial in sorted(complete, key=lambda entry: (-entry[0], entry[1].number))]


def best(trials: Sequence[Trial]) -> Trial | None:
    """Return the complete trial with the best score, the earliest of equal ones."""
    return next(iter(ranked(trials)), None)
