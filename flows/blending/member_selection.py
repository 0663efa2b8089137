"""Selection of the cached members that are blended, best first."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flows.blending.member_table import member_rows
from flows.members.cached_members import (
    CachedMember,
    UnusableMember,
    cached_members,
    named_members,
    split_by_use,
)
from flows.members.member_names import unique_names
from flows.members.member_records import records_of
from tasks.blend import evaluator_of
from tasks.core.cache.store import Store
from tasks.core.errors import InvalidSettings
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.evaluation import Evaluation

FEWEST_MEMBERS = 2


class EvaluatedMember(NamedTuple):
    """A cached member with its scores."""

    member: CachedMember
    evaluation: Evaluation


class Selection(NamedTuple):
    """The members that will be blended by name, best first, and those that cannot be."""

    members: dict[str, EvaluatedMember]
    unusable: list[UnusableMember]


def choose(
    competition: str,
    config: Any,
    selector: str,
    *,
    can_predict: Callable[[CachedMember], bool],
    option: str = "--members",
    fewest: int = FEWEST_MEMBERS,
) -> Selection:
    """Select among the cached members that fit the settings.

    Reads the raw files and divides them into folds, unless that is cached.

    Args:
        selector: see `parsed`.
        can_predict: whether a member's models can predict records of which it has no scores.
        option: what messages call the selector.

    Raises:
        InvalidSettings: fewer than `fewest` members fit, or one that is named does not.
    """
    count, names = parsed(selector, option=option)
    records = records_of(competition, config)
    cached, ids = cached_members(Store.current(), competition), records.ids(competition)
    usable, unusable = split_by_use(cached, ids=ids, folds=records.folds, can_predict=can_predict)
    selected = named_members(names, usable, unusable, option=option) if names else usable
    if len(selected) < fewest:
        raise InvalidSettings(_too_few(selected, unusable, option))
    evaluator = evaluator_of(competition, records.train, getattr(config, "answers", None))
    evaluated = [EvaluatedMember(each, evaluator.evaluate(_out_of_fold(each))) for each in selected]
    evaluated.sort(key=lambda each: -each.evaluation.score.signed)
    best = evaluated[:count]
    names = unique_names([each.member for each in best], _settings(competition, best))
    return Selection(dict(zip(names, best, strict=True)), unusable)


def _settings(competition: str, members: Sequence[EvaluatedMember]) -> list[dict[str, str]]:
    """Settings in which members of the store differ, by dotted key; empty ones where all names differ."""
    if len({each.member.recipe for each in members}) == len(members):
        return [{}] * len(members)
    rows = {row.member.artifact.name: row for row in member_rows(Store.current(), competition)}
    return [rows[each.member.artifact.name].differences for each in members]


def _out_of_fold(member: CachedMember) -> Any:
    return prediction_files.read(member.artifact.path, "out_of_fold").values


def parsed(selector: str, *, option: str = "--members") -> tuple[int | None, list[str]]:
    """Split a selector into a number of best members (None: all) and names or digests of members.

    >>> parsed("best:3"), parsed("all"), parsed("frozen, 3f9a01")
    ((3, []), (None, []), (None, ['frozen', '3f9a01']))

    Raises:
        InvalidSettings: it is none of these.
    """
    if selector == "all":
        return None, []
    kind, colon, number = selector.partition(":")
    if colon:
        if kind != "best" or not number.isdecimal() or int(number) < FEWEST_MEMBERS:
            raise InvalidSettings(f"{option}: expected best:N with N of at least 2, received {selector!r}")
        return int(number), []
    names = [name.strip() for name in selector.split(",")]
    if not all(names):
        raise InvalidSettings(f"{option}: expected best:N, all, or names with commas, received {selector!r}")
    return None, names


def _too_few(selected: Sequence[CachedMember], unusable: Sequence[UnusableMember], option: str) -> str:
    expected = f"at least {FEWEST_MEMBERS} cached members of these records and folds"
    lines = [f"{option}: expected {expected}, received {len(selected)}", *(f"  {each}" for each in selected)]
    if unusable:
        lines += ["cached, but cannot be used:", *(f"  {each}" for each in unusable)]
    return "\n".join(lines)
