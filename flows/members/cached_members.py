"""Cached members of earlier runs, and which of them can be blended.

Members can be blended if they predict the same records, each by models that have not seen its fold: only then
are their out-of-fold scores comparable estimates for unseen records.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.cache.digests import sha256_of_file
from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Part
from tasks.core.errors import InvalidSettings

OTHER_PARTS: tuple[Part, ...] = ("validation", "test")
DUPLICATE = "it predicts the same as a newer one"
REPLACED = "a newer one of this name was added"
NO_MODELS = ", and its models are gone, or no submission has its settings"


class CachedMember(NamedTuple):
    """Predictions of all records: an artifact of step `gather` or `add_member`, and its record."""

    recipe: str
    """The name of the recipe, or of an added member."""
    artifact: Artifact
    record: dict[str, Any]
    scores: tuple[tuple[str, Artifact], ...] = ()
    """(part, scores of step `average`) of validation and test records, the newest first."""

    @property
    def is_foreign(self) -> bool:
        """Whether its predictions were added from files."""
        return bool(self.record["step"] == "add_member")

    @property
    def short(self) -> str:
        """The first eight characters of the artifact's digest."""
        return self.artifact.digest[:8]

    def __str__(self) -> str:
        return f"{self.recipe} ({self.short})"

    def with_scores_of(self, ids: Mapping[Part, list[str]]) -> "CachedMember":
        """The member with the newest scores of exactly these records, by part, as far as it has any."""
        store, found = Store.current(), dict[str, Artifact]()
        for name, artifact in self.scores:
            part: Any = name
            is_new = part in ids and part not in found and store.is_whole(artifact)
            if is_new and _ids(artifact.path, part) == ids[part]:
                found[part] = artifact
        return self._replace(scores=tuple(found.items()))


class UnusableMember(NamedTuple):
    """A member that cannot be blended, and why."""

    member: CachedMember
    reason: str

    def __str__(self) -> str:
        return f"{self.member}: {self.reason}"


def cached_members(store: Store, competition: str) -> list[CachedMember]:
    """All members of a competition with records in the store, newest first, equal artifacts once."""
    members: dict[str, CachedMember] = {}
    scores: dict[str, list[tuple[str, Artifact]]] = {}
    for record in sorted(store.records(), key=lambda each: str(each["finished"]), reverse=True):
        inputs = record["inputs"]
        if record["step"] == "average":
            found = inputs["part"], Artifact.model_validate(record["result"])
            scores.setdefault(inputs["member"]["artifact"], []).append(found)
        elif record["step"] == "gather" and inputs.get("competition") == competition:
            artifact = Artifact.model_validate(record["result"])
            recipe = record["label"].removeprefix("gather ")
            members.setdefault(artifact.name, CachedMember(recipe, artifact, record))
        elif record["step"] == "add_member" and inputs.get("competition") == competition:
            artifact = Artifact.model_validate(record["result"])
            members.setdefault(artifact.name, CachedMember(inputs["name"], artifact, record))
            parts = OTHER_PARTS if store.is_whole(artifact) else ()
            own = [(part, artifact) for part in parts if _ids(artifact.path, part) is not None]
            scores.setdefault(artifact.name, []).extend(own)
    return [member._replace(scores=tuple(scores.get(name, ()))) for name, member in members.items()]


def split_by_use(
    members: Iterable[CachedMember],
    *,
    ids: Mapping[Part, list[str]],
    folds: Artifact,
    can_predict: Callable[[CachedMember], bool] = lambda member: False,
    without_scores: str = NO_MODELS,
) -> tuple[list[CachedMember], list[UnusableMember]]:
    """The members with predictions for these folds and these validation and test records, and the others.

    Of members with equal predictions the first is taken, which should be the newest.

    Args:
        ids: of the records of each part besides the training part.
        can_predict: whether a member's models can predict records of which it has no scores.
        without_scores: ends the reason why a member without scores of some records, and whose models do not
            predict them, is not used.
    """
    usable, unusable, seen = list[CachedMember](), list[UnusableMember](), set[str]()
    added = set[str]()
    for member in members:
        member = member.with_scores_of(ids)
        reason = _mismatch(member, ids, folds, can_predict, without_scores)
        if reason is None and (content := _predictions(member)) in seen:
            reason = DUPLICATE
        if reason is None and member.is_foreign and member.recipe in added:
            reason = REPLACED
        if reason is not None:
            unusable.append(UnusableMember(member, reason))
        else:
            seen.add(content)
            added |= {member.recipe} if member.is_foreign else set()
            usable.append(member)
    return usable, unusable


def _mismatch(
    member: CachedMember,
    expected: Mapping[Part, list[str]],
    folds: Artifact,
    can_predict: Callable[[CachedMember], bool],
    without_scores: str,
) -> str | None:
    """Why the member does not fit these folds; None if it does."""
    store, path = Store.current(), member.artifact.path
    if not store.is_whole(member.artifact):
        return "its files are gone or damaged"
    member_folds = member.record["inputs"]["folds"]["artifact"]
    if member_folds != folds.name:
        if store.damage(member_folds):
            return "it has other folds, which are gone"
        return _difference_of_folds(store.root / "artifacts" / member_folds, folds.path)
    if _ids(path, "out_of_fold") is None:
        return "an earlier version wrote it without ids; run its preset again, which trains nothing"
    known = dict(member.scores)
    for part in expected:
        if part not in known and not can_predict(member):
            if member.is_foreign:
                return f"its files have no scores of these {part} records; add it again with them"
            return f"it has no scores of these {part} records{without_scores}"
    return None


def _ids(path: Path, part: str) -> list[str] | None:
    """Ids of the records of a part's scores; None if the artifact has no such part."""
    if (file := path / f"{part}.jsonl").is_file():
        with file.open(encoding="utf-8") as lines:
            return [json.loads(line)["id"] for line in lines]
    file = path / f"{part}_ids.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def _difference_of_folds(received: Path, expected: Path) -> str:
    """How two folders of folds, which are not equal, differ."""
    ids = [json.loads((folder / "ids.json").read_text("utf-8")) for folder in (received, expected)]
    if ids[0] != ids[1]:
        return f"it has other training records: {len(ids[0]):,}, expected {len(ids[1]):,}"
    counts = [len(np.unique(np.load(folder / "folds.npy"))) for folder in (received, expected)]
    if counts[0] != counts[1]:
        return f"it has {counts[0]} folds, expected {counts[1]}"
    return "it has other records in each fold"


def _predictions(member: CachedMember) -> str:
    """Digests of the member's files of predictions, as one text."""
    folders = (member.artifact.path, *(artifact.path for _, artifact in sorted(member.scores)))
    names = ("out_of_fold", *OTHER_PARTS)
    files = [
        file for each in folders for file in sorted(each.iterdir()) if file.name.partition(".")[0] in names
    ]
    return " ".join(sorted({sha256_of_file(file) for file in files}))


def named_members(
    names: Sequence[str],
    members: Sequence[CachedMember],
    unusable: Sequence[UnusableMember],
    *,
    option: str = "--members",
) -> list[CachedMember]:
    """The member of each recipe name or beginning of a digest, equal ones once.

    `option` is what messages call the names.

    Raises:
        InvalidSettings: a name fits no member or several, or one that cannot be blended.
    """
    chosen = []
    for name in names:
        duplicates = [each.member for each in unusable if each.reason in (DUPLICATE, REPLACED)]
        fitting = _fitting(name, members) or _fitting(name, duplicates)
        if len(fitting) > 1:
            several = "\n  ".join(map(str, fitting))
            expected = "expected one member a name, or the beginning of its digest"
            raise InvalidSettings(f"{option}: {expected}, {name!r} fits\n  {several}")
        if not fitting:
            why = [f"\n  {each}" for each in unusable if _fits(name, each.member)]
            known = ", ".join(map(str, members)) or "none"
            received = f"{name!r}, which cannot be used:{''.join(why)}" if why else repr(name)
            raise InvalidSettings(f"{option}: expected some of {known}; received {received}")
        chosen += fitting
    return list({member.artifact.name: member for member in chosen}.values())


def _fitting(name: str, members: Iterable[CachedMember]) -> list[CachedMember]:
    return [each for each in members if _fits(name, each)]


def _fits(name: str, member: CachedMember) -> bool:
    digest = name.removeprefix("member-")
    return name == member.recipe or (len(digest) >= 6 and member.artifact.digest.startswith(digest))
