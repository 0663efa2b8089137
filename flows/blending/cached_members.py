"""Cached members of whatever runs there were, and which of them can be blended.

Members go together when they predicted the same records, and each record by models that had not seen its
fold: then the out-of-fold scores of one say as much of unseen records as those of another.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.cache.digests import sha256_of_file
from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Part, find
from tasks.core.errors import InvalidSettings

OTHER_PARTS: tuple[Part, ...] = ("validation", "test")
TWIN = "it predicts what a newer one does"


class PastMember(NamedTuple):
    """A recipe's models over all folds, as step `gather` has kept what they predicted."""

    recipe: str
    """The recipe's name."""
    artifact: Artifact
    record: dict[str, Any]

    @property
    def short(self) -> str:
        """Enough of the artifact's digest to tell it from others."""
        return self.artifact.digest[:8]

    def __str__(self) -> str:
        return f"{self.recipe} ({self.short})"


class Refusal(NamedTuple):
    """A member that cannot be blended, and why."""

    member: PastMember
    reason: str

    def __str__(self) -> str:
        return f"{self.member}: {self.reason}"


def past_members(store: Store, competition: str) -> list[PastMember]:
    """All members that the store knows of, the newest first; equal ones once."""
    members: dict[str, PastMember] = {}
    records = (each for each in store.records() if each["step"] == "gather")
    for record in sorted(records, key=lambda each: str(each["finished"]), reverse=True):
        if record["inputs"].get("competition") == competition:
            artifact = Artifact.model_validate(record["result"])
            recipe = record["label"].removeprefix("gather ")
            members.setdefault(artifact.name, PastMember(recipe, artifact, record))
    return list(members.values())


def parted(
    members: Iterable[PastMember], competition: str, *, dataset: Artifact, folds: Artifact
) -> tuple[list[PastMember], list[Refusal]]:
    """The members that fit these folds of this dataset, and the others; of equal predictions the newest."""
    expected = {part: find(competition).ids(dataset.path, part) for part in OTHER_PARTS}
    fitting, refused, seen = list[PastMember](), list[Refusal](), set[str]()
    for member in members:
        reason = _unfit(member, expected, folds)
        if reason is None and (content := _predictions(member)) in seen:
            reason = TWIN
        if reason is not None:
            refused.append(Refusal(member, reason))
            continue
        seen.add(content)
        fitting.append(member)
    return fitting, refused


def _unfit(member: PastMember, expected: dict[Part, list[str]], folds: Artifact) -> str | None:
    """Why the member cannot be blended with others of these folds."""
    store, path = Store.current(), member.artifact.path
    if not store.is_whole(member.artifact):
        return "its files are gone or damaged"
    own = member.record["inputs"]["folds"]["artifact"]
    if own != folds.name:
        return _other_folds(store.root / "artifacts" / own, folds.path)
    if _ids(path, "out_of_fold") is None:
        return "an earlier version wrote it, without ids; run its preset again, which trains nothing anew"
    for part, ids in expected.items():
        if ids and _ids(path, part) != ids:
            return f"it predicts other {part} records"
    return None


def _ids(path: Path, part: str) -> list[str] | None:
    """Ids of the records that scores of a part speak of, without the scores."""
    if (file := path / f"{part}.jsonl").is_file():
        with file.open(encoding="utf-8") as lines:
            return [json.loads(line)["id"] for line in lines]
    file = path / f"{part}_ids.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def _other_folds(own: Path, expected: Path) -> str:
    """How folds differ; equal ones have one name."""
    if not (own / "ids.json").is_file():
        return "it has other folds, which are gone"
    ids = [json.loads((folder / "ids.json").read_text("utf-8")) for folder in (own, expected)]
    if ids[0] != ids[1]:
        return f"it has other training records: {len(ids[0]):,}, expected {len(ids[1]):,}"
    counts = [len(np.unique(np.load(folder / "folds.npy"))) for folder in (own, expected)]
    if counts[0] != counts[1]:
        return f"it has {counts[0]} folds, expected {counts[1]}"
    return "it has other records in each fold"


def _predictions(member: PastMember) -> str:
    """A digest of all that the member predicts."""
    names = ("out_of_fold", *OTHER_PARTS)
    files = sorted(path for path in member.artifact.path.iterdir() if path.name.partition(".")[0] in names)
    return " ".join(sha256_of_file(file) for file in files)


def named(members: Sequence[PastMember]) -> dict[str, PastMember]:
    """Members by names that differ: the recipe's, and the artifact's where recipes share one."""
    recipes = [member.recipe for member in members]
    return {
        member.recipe if recipes.count(member.recipe) == 1 else f"{member.recipe}-{member.short}": member
        for member in members
    }


def asked_for(
    names: Sequence[str], members: Sequence[PastMember], refused: Sequence[Refusal]
) -> list[PastMember]:
    """The members meant by recipe names or beginnings of digests.

    Raises:
        InvalidSettings: none is meant or several are, or it cannot be blended.
    """
    found = []
    for name in names:
        twins = [each.member for each in refused if each.reason == TWIN]
        meant = _meant(name, members) or _meant(name, twins)
        if len(meant) > 1:
            several = "\n  ".join(map(str, meant))
            raise InvalidSettings(f"--members: expected one member a name, {name!r} fits\n  {several}")
        if not meant:
            why = [f"\n  {each}" for each in refused if _is_meant(name, each.member)]
            known = ", ".join(map(str, members)) or "none"
            received = f"{name!r}, which cannot be used:{''.join(why)}" if why else repr(name)
            raise InvalidSettings(f"--members: expected some of {known}; received {received}")
        found += meant
    return _once(found)


def _meant(name: str, members: Iterable[PastMember]) -> list[PastMember]:
    return [each for each in members if _is_meant(name, each)]


def _is_meant(name: str, member: PastMember) -> bool:
    digest = name.removeprefix("member-")
    return name == member.recipe or (len(digest) >= 6 and member.artifact.digest.startswith(digest))


def _once(members: Iterable[PastMember]) -> list[PastMember]:
    return list({member.artifact.name: member for member in members}.values())
