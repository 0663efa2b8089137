"""The leaderboard of a competition: its submissions with out-of-fold and public scores, and what changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tasks.core.report.formatting import Estimate
from tasks.core.submissions.submissions import Difference, Submission, differences

LONGEST_VALUE = 24


class Entry(NamedTuple):
    """A submission's line."""

    name: str
    """Name of its folder."""
    when: datetime | None
    metric: str
    score: Estimate | None
    """Out-of-fold score."""
    validation: Estimate | None
    public: float | None
    higher_is_better: bool
    changed: str
    """What differs from the previous submission."""


class Agreement(NamedTuple):
    """How far out-of-fold scores rank submissions as public scores do."""

    tau: float
    """Kendall's tau: 1 for the same order, -1 for the opposite one, about 0 by chance."""
    submissions: int
    """Number of submissions that have both scores."""

    @property
    def pairs(self) -> int:
        """Number of pairs of them."""
        return self.submissions * (self.submissions - 1) // 2


def entries(submissions: Sequence[Submission]) -> list[Entry]:
    """A line for each submission of one competition, which are given and returned newest first."""
    earlier: list[Submission | None] = [*submissions[1:], None]
    return [_entry(one, before) for one, before in zip(submissions, earlier, strict=False)]


def _entry(submission: Submission, before: Submission | None) -> Entry:
    provenance = submission.provenance
    score = _table(provenance.get("score"))
    return Entry(
        name=submission.folder.name,
        when=_time(provenance.get("created")),
        metric=str(score.get("name", "")),
        score=_estimate(score),
        validation=_estimate(_table(provenance.get("validation"))),
        public=provenance.get("public_score"),
        higher_is_better=bool(score.get("higher_is_better", True)),
        changed=what_changed(before, submission) if before else "the first",
    )


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _estimate(score: dict[str, Any]) -> Estimate | None:
    if "value" not in score:
        return None
    return Estimate(float(score["value"]), float(score.get("standard_error") or 0.0))


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def what_changed(before: Submission, submission: Submission) -> str:
    """The settings that differ, in short; if none does, the other parts that decide answers."""
    changes = differences(before, submission)
    if settings := changes.pop("config"):
        return _describe(settings)
    others = [
        f"{part} ({len(different)})" if part != "data" else part
        for part, different in changes.items()
        if different
    ]
    return ", ".join(others) or "nothing"


def _describe(settings: Sequence[Difference]) -> str:
    """For each part of the settings its difference, or the number of differences if there are several."""
    parts: dict[str, list[Difference]] = {}
    for each in settings:
        parts.setdefault(each.key.partition(".")[0], []).append(each)
    return ", ".join(
        f"{len(changes)} settings of {part}"
        if len(changes) > 1
        else f"{changes[0].key} {_short(changes[0].first)} → {_short(changes[0].second)}"
        for part, changes in parts.items()
    )


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) <= LONGEST_VALUE:
        return text
    end = text[-LONGEST_VALUE + 1 :]
    return f"…{end[max(end.find('/'), 0) :]}"  # a path begins with a whole name


def agreement(lines: Iterable[Entry], *, public_higher_is_better: bool) -> Agreement | None:
    """The rank agreement of both scores; None if no two submissions differ in both."""
    both = [(each, each.score, each.public) for each in lines]
    known = [(each, score.value, public) for each, score, public in both if score and public is not None]
    if len(known) < 2:
        return None
    from scipy.stats import kendalltau

    ours = [value if each.higher_is_better else -value for each, value, _ in known]
    public = [value if public_higher_is_better else -value for _, _, value in known]
    if len(set(ours)) < 2 or len(set(public)) < 2:
        return None
    return Agreement(float(kendalltau(ours, public).statistic), len(known))


def agreement_text(result: Agreement | None, *, recorded: int = 0) -> str:
    """The agreement as a sentence.

    Args:
        recorded: how many submissions have a public score.
    """
    if result is None and recorded >= 2:
        return (
            "The public scores do not show whether they rank submissions as out-of-fold scores do: no two "
            "submissions that have both differ in both."
        )
    if result is None:
        return (
            "Record public scores of two or more different submissions to see whether they rank them as "
            "out-of-fold scores do."
        )
    pairs = "1 pair" if result.pairs == 1 else f"{result.pairs:,} pairs"
    return (
        f"Out-of-fold and public scores agree in rank by {result.tau:+.2f} (Kendall's tau: 1 the same order, "
        f"0 chance), from {result.submissions} submissions, {pairs}."
    )
