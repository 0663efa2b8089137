"""Members leave the store as files for other programs, and predictions of other programs become members."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flows.members.cached_members import CachedMember, cached_members, named_members, split_by_use
from flows.members.member_records import MemberRecords, records_of
from tasks.add_member import MemberFiles, add_member
from tasks.core.cache.store import Artifact, Store, part_folders
from tasks.core.competition import find
from tasks.core.errors import InvalidSettings
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.member_files.records import PARTS, ExportedPart, MemberPart


class AddedMember(NamedTuple):
    """A member that was made of files."""

    artifact: Artifact
    score: dict[str, Any]
    """Out of fold (`tasks.core.competition.Score`)."""
    lacking: list[str]
    """Parts of the dataset of which it has no scores; with these settings it cannot be blended."""


def add(competition: str, config: Any, name: str, files: Mapping[str, str]) -> AddedMember:
    """Make a member of files, by part; of its name it is then the newest.

    Raises:
        InvalidSettings: the competition has no such part.
        InvalidData: the files are not those of these records, or scores are no probabilities.
    """
    records = records_of(competition, config)
    if unknown := sorted(files.keys() - {"out_of_fold", *records.others}):
        raise InvalidSettings(f"--{unknown[0]}: expected none, since {competition} has no such part")
    given = MemberFiles.model_validate(files)
    arguments = add_member.bind(competition, name, given, records.train, records.folds, records.others)
    outcome = add_member.execute(arguments)
    if outcome.state == "cached" and outcome.key:
        _make_newest(outcome.key)
    artifact: Artifact = outcome.result
    lacking = [part for part in records.others if not prediction_files.exists(artifact.path, part)]
    description = json.loads((artifact.path / "member.json").read_text("utf-8"))
    return AddedMember(artifact, description["score"], lacking)


def _make_newest(key: str) -> None:
    """Date the record of a member that was added before anew."""
    store = Store.current()
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    store.write_record(key, {**(store.record(key) or {}), "finished": finished})


def export(
    competition: str, config: Any, name: str, file: Path, *, part: MemberPart | None = None
) -> dict[str, int]:
    """Write a member's scores with ids, folds and truth to a file; returns the number of records by part.

    Args:
        name: of the member, or the beginning of its digest.
        part: the only part that is written; None: all of which the member has scores.

    Raises:
        InvalidSettings: the name fits no member of these records and folds, or several; or the member has no
            scores of the part.
        InvalidData: the file's name has another ending than the competition's forms.
    """
    contract, records = find(competition), records_of(competition, config)
    if contract.member_form is None:
        raise InvalidSettings(
            f"members: expected a competition that writes members, received {competition!r}"
        )
    member = member_of(competition, records, name)
    found: dict[str, Artifact] = {"out_of_fold": member.artifact, **dict(member.scores)}
    chosen = [each for each in PARTS if each in found and part in (None, each)]
    if not chosen:
        raise InvalidSettings(f"--part: expected one of {', '.join(found)} for {member}, received {part}")
    exported = [_exported(competition, records, each, found[each]) for each in chosen]
    others = [artifact for each in records.others.values() for artifact in each]
    contract.member_form(part_folders([records.train, *others])).write(file, exported)
    return {each.part: len(each.scores.ids) for each in exported}


def member_of(competition: str, records: MemberRecords, name: str) -> CachedMember:
    """The member of these records and folds with this name or beginning of a digest."""
    ids = records.ids(competition)
    cached = cached_members(Store.current(), competition)
    usable, unusable = split_by_use(cached, ids=ids, folds=records.folds, can_predict=lambda member: True)
    (member,) = named_members([name], usable, unusable, option="member")
    return member.with_scores_of(ids)


def _exported(competition: str, records: MemberRecords, part: MemberPart, artifact: Artifact) -> ExportedPart:
    """The scores of a part with its folds and truth, as far as there are any."""
    contract, scores = find(competition), prediction_files.read(artifact.path, part)
    if part == "test":
        return ExportedPart(part, scores)
    if part == "validation":
        labelled = contract.scorer(records.folders(part), part) if scores.ids else None
        return ExportedPart(part, scores, truth=labelled.targets(scores.values) if labelled else None)
    folds = np.load(records.folds.path / "folds.npy").tolist()
    truth = contract.scorer(records.train.path).targets(scores.values)
    return ExportedPart(part, scores, folds, truth)
