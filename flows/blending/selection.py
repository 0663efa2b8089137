"""Which cached members are blended: those asked for that fit the settings, best first."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flows.blending.cached_members import (
    PastMember,
    Refusal,
    asked_for,
    named,
    parted,
    past_members,
)
from tasks.blend import judge_of
from tasks.core.cache.store import Store
from tasks.core.errors import InvalidSettings
from tasks.learning.ensemble.evaluation import Verdict
from tasks.load import load
from tasks.split import split

FEWEST = 2


class Candidate(NamedTuple):
    """A member that fits, and how good it is."""

    member: PastMember
    verdict: Verdict


class Choice(NamedTuple):
    """What will be blended, best first, and what was left out because it does not fit."""

    members: dict[str, Candidate]
    refused: list[Refusal]


def choose(competition: str, config: Any, asked: str) -> Choice:
    """The members asked for (`best:10`, `all`, or names and digests with commas) that fit the settings.

    Reads the raw files and divides them into folds, unless that is cached.

    Raises:
        InvalidSettings: fewer than two fit, or one that was named does not.
    """
    count, names = parsed(asked)
    dataset = load.execute(load.bind(competition, config.data)).result
    folds = split.execute(split.bind(competition, dataset, config.folds)).result
    known = past_members(Store.current(), competition)
    fitting, refused = parted(known, competition, dataset=dataset, folds=folds)
    meant = asked_for(names, fitting, refused) if names else fitting
    if len(meant) < FEWEST:
        raise InvalidSettings(_too_few(meant, refused))
    judge = judge_of(competition, dataset, getattr(config, "answers", None))
    judged = [Candidate(member, judge.verdict(member.artifact.path)) for member in meant]
    judged.sort(key=lambda each: -each.verdict.score.signed)
    chosen = judged[:count]
    by_artifact = {each.member.artifact: each for each in chosen}
    found = named([each.member for each in chosen])
    return Choice({name: by_artifact[member.artifact] for name, member in found.items()}, refused)


def parsed(asked: str) -> tuple[int | None, list[str]]:
    """How many of the best members are asked for (None: all), or which ones by name.

    Raises:
        InvalidSettings: neither can be read from it.
    """
    if asked == "all":
        return None, []
    kind, colon, number = asked.partition(":")
    if colon:
        if kind != "best" or not number.isdecimal() or int(number) < FEWEST:
            raise InvalidSettings(f"--members: expected best:N with N of at least 2, received {asked!r}")
        return int(number), []
    names = [name.strip() for name in asked.split(",")]
    if not all(names):
        raise InvalidSettings(f"--members: expected best:N, all, or names with commas, received {asked!r}")
    return None, names


def _too_few(fitting: Sequence[PastMember], refused: Sequence[Refusal]) -> str:
    received = f"received {len(fitting)}" + "".join(f"\n  {each}" for each in fitting)
    left_out = "".join(f"\n  {each}" for each in refused)
    told = f"\ncached, but cannot be used:{left_out}" if refused else ""
    return (
        f"--members: expected at least {FEWEST} cached members of these records and folds, {received}{told}"
    )
