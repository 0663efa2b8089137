"""Signs that out-of-fold scores of a member from files come from models that have seen the records.

Nothing in such scores can prove it. But answers to records that a model has learned by heart are nearly all
right, so that the others agree with them as often as these are right, and with its answers to test records
less often. Of other pairs of members it is the other way round: all models of a member predict test records
together, which makes members more alike. Only a member whose score is the best is looked at: no other gains
from what it has seen.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tasks.core.competition import Score
from tasks.learning.ensemble.agreement import Agreements

LEAST_DROP = 0.03
"""Drops of less are common where test records differ from training records."""
ERRORS = 4.0
"""Standard errors that a drop must have."""


class MemberDescription(NamedTuple):
    """What `member.json` tells of a member."""

    score: Score
    """Out of fold."""
    is_foreign: bool
    """Whether it was added from files."""

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "MemberDescription":
        return cls(Score(**content["score"]), "foreign" in content)


def leak_warnings(
    members: Mapping[str, MemberDescription], out_of_fold: Agreements, test: Agreements
) -> list[str]:
    """A warning for each member from files that probably has seen the records of its out-of-fold scores.

    Args:
        members: by name, in the order of the agreements.
        out_of_fold: of the members' answers to training records.
        test: of their answers to test records.
    """
    best = max((each.score.signed for each in members.values()), default=0.0)
    return [
        _text(name, out_of_fold, test, number)
        for number, (name, each) in enumerate(members.items())
        if each.is_foreign and each.score.signed == best and _drops(out_of_fold, test, number)
    ]


def _drops(out_of_fold: Agreements, test: Agreements, member: int) -> bool:
    """Whether a member agrees with the others on test records by much less than the others' change tells."""
    before, after = out_of_fold.of(member), test.of(member)
    if before is None or after is None:
        return False
    drop, variance = before - after, _variance(before, out_of_fold) + _variance(after, test)
    others_before, others_after = out_of_fold.without(member), test.without(member)
    if others_before is not None and others_after is not None:
        drop -= max(0.0, others_before - others_after)  # the test records are harder for all
        variance += _variance(others_before, out_of_fold) + _variance(others_after, test)
    return drop > max(LEAST_DROP, ERRORS * variance**0.5)


def _variance(share: float, agreements: Agreements) -> float:
    """Of a mean over records; pairs of members count as one, for they are not independent."""
    return share * (1 - share) / agreements.records


def _text(name: str, out_of_fold: Agreements, test: Agreements, member: int) -> str:
    others = ""
    if (before := out_of_fold.without(member)) is not None and (after := test.without(member)) is not None:
        others = f"; the others agree with each other on {before:.1%} and {after:.1%}"
    return (
        f"The other members agree with {name}, which was added from files, on {out_of_fold.of(member):.1%} "
        f"of the training records but on {test.of(member):.1%} of the test records{others}. Its out-of-fold "
        "scores may come from models that have seen the records; then its score and its weight are too high. "
        "Check that each training record was predicted by models that have not seen its fold, and add the "
        "member again."
    )
