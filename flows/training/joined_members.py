"""Members that the settings name in `blend.members`: they join those that a run trains.

Others have made them (step `add_member`), or earlier runs. They must predict the run's own records, each
training record by models that have not seen its fold, and the store must have their scores: a run computes
nothing for them. They are looked up before any training, and a budget leaves none of them out.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flows.members.cached_members import CachedMember, UnusableMember, named_members, split_by_use
from flows.members.cached_members import cached_members as members_in
from flows.members.member_provenance import earlier_members, note_steps
from flows.members.member_records import MemberRecords
from flows.training.cross_validation import AGAIN, Member
from flows.training.dataset import Future, Parts
from tasks.core import locations
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import found, run_id
from tasks.core.errors import InvalidSettings
from tasks.core.submissions import submissions

OPTION = "blend.members"
WITHOUT_SCORES = "; put its recipe into the settings of the run, so that its models predict them"


def joined_members(competition: str, config: Any, parts: Parts, folds: Future) -> dict[str, Member]:
    """The members of `blend.members` by name, with models and settings as far as store and submissions know.

    Waits for the records and folds. Of a plan in which these must be computed first, none.

    Raises:
        InvalidSettings: names that fit no member or several, members of other records or folds, or names of
            the run's own recipes; all problems at once.
    """
    names = config.blend.members
    if not names:
        return {}
    records = _records(parts, folds)
    if records is None:
        for name in names:
            found(f"member {name}", "its records are compared when those of the run are known")
        return {}
    usable, unusable = split_by_use(
        members_in(Store.current(), competition),
        ids=records.ids(competition),
        folds=records.folds,
        without_scores=WITHOUT_SCORES,
    )
    recipes = [recipe.name for recipe in config.recipes]
    chosen = _chosen(names, usable, unusable, taken={*recipes, *(f"{name}{AGAIN}" for name in recipes)})
    for name, member in chosen.items():
        found(f"member {name} ({member.short})")
    return _with_provenance(competition, config, chosen)


def pinned(members: Mapping[str, Member]) -> str:
    """The option that names just these members, whatever is added later; empty without any.

    A name may stand for another member later, the digest never does.
    """
    digests = [member.joined.digest[:8] for member in members.values()]
    return f" --set '{OPTION}={json.dumps(digests)}'" if digests else ""


def _records(parts: Parts, folds: Future) -> MemberRecords | None:
    """The records and folds of the run; None if one of them must be computed first, in a plan."""
    futures = {"train": parts.train, "test": parts.test, "common": parts.common, "folds": folds}
    if parts.validation is not None:
        futures["validation"] = parts.validation
    known = {name: each for name, future in futures.items() if (each := _result(future)) is not None}
    if len(known) < len(futures):
        return None
    names = [name for name in known if name in ("validation", "test")]
    others = {part: [known[part], known["common"]] for part in names}
    return MemberRecords(known["train"], known["folds"], others)


def _result(future: Future) -> Artifact | None:
    """The artifact of a future, for which this waits; None for a placeholder in a plan."""
    if isinstance(future, Artifact):
        return future
    return future.result() if hasattr(future, "wait") else None


def _chosen(
    names: Sequence[str],
    usable: Sequence[CachedMember],
    unusable: Sequence[UnusableMember],
    *,
    taken: set[str],
) -> dict[str, CachedMember]:
    """The member of each name, equal ones once, by the name that it gets in the blend."""
    chosen, problems = dict[str, CachedMember](), list[str]()
    for name in names:
        try:
            (member,) = named_members([name], usable, unusable, option=OPTION)
        except InvalidSettings as error:
            problems.append(str(error))
            continue
        if member.recipe in taken and name == member.recipe:
            expected = f"{OPTION}: expected names that no recipe of the run has, received {name!r}"
            problems.append(f"{expected}; to blend the earlier member too, name it {member.short}")
        chosen.setdefault(member.artifact.name, member)
    if problems:
        raise InvalidSettings("\n".join(problems))
    counts = Counter(member.recipe for member in chosen.values())
    shared = taken | {recipe for recipe, count in counts.items() if count > 1}
    return {
        f"{each.recipe}-{each.short}" if each.recipe in shared else each.recipe: each
        for each in chosen.values()
    }


def _with_provenance(competition: str, config: Any, members: dict[str, CachedMember]) -> dict[str, Member]:
    """The members as a run's own, whose steps the run's journal names."""
    entries = submissions.listed(locations.submissions_folder(), competition)
    earlier = earlier_members(members, type(config), entries)
    if run := run_id():
        known = [artifact for each in earlier.values() for artifact in (each.artifact, *each.scores.values())]
        note_steps(known, run=run)
    return {
        name: Member(each.artifact, each.models, dict(each.scores), recipe=each.recipe)
        for name, each in earlier.items()
    }
