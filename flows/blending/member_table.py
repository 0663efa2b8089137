"""What the store knows of all members: scores, settings in which they differ, and where their files lie."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from flows.members.cached_members import CachedMember, cached_members
from flows.members.member_models import predictions_by_models
from tasks.core.cache.lineage import Lineage, Record, input_artifacts
from tasks.core.cache.store import Store

LONGEST_VALUE = 16
"""Characters of a value, which may be a digest."""


class MemberRow(NamedTuple):
    """One member in a table."""

    member: CachedMember
    score: dict[str, Any] | None
    """Out of fold (`tasks.core.competition.Score`); None where its files are gone."""
    differences: dict[str, str]
    """Its settings that not all trained members have, by dotted key; of an added one its files' digests."""


def member_rows(store: Store, competition: str) -> list[MemberRow]:
    """All members of a competition in the store, the newest first."""
    members = cached_members(store, competition)
    lineage = Lineage(store.records())
    owners = {
        model: member
        for member in members
        for model in _models(next(iter(predictions_by_models(member, lineage)), []))
    }
    trained = [member for member in members if not member.is_foreign]
    of_trained = differing(_settings(member, lineage, owners) for member in trained)
    differences = {member.artifact.name: each for member, each in zip(trained, of_trained, strict=True)} | {
        member.artifact.name: _digests(member) for member in members if member.is_foreign
    }
    return [MemberRow(member, _score(store, member), differences[member.artifact.name]) for member in members]


def _score(store: Store, member: CachedMember) -> dict[str, Any] | None:
    if not store.is_whole(member.artifact):
        return None
    score: dict[str, Any] = json.loads((member.artifact.path / "member.json").read_text("utf-8"))["score"]
    return score


def _digests(member: CachedMember) -> dict[str, str]:
    """Digests of the files that an added member comes from, by part, cut off."""
    files = member.record["inputs"]["files"]
    return {
        part: f"{next(iter(each['contents'].values()))}"[:LONGEST_VALUE]
        for part, each in files.items()
        if isinstance(each, dict) and each["contents"]
    }


def _models(predictions: Iterable[Record]) -> list[str]:
    """Names of the models of some records of the step `predict`."""
    return [name for predicted in predictions for name in input_artifacts(predicted["inputs"]["models"])]


def _settings(member: CachedMember, lineage: Lineage, owners: Mapping[str, CachedMember]) -> dict[str, str]:
    """Settings of the steps behind a trained member by dotted key, as their cache keys have them.

    `owners` are the members by the models that have predicted their first folds.
    """
    flat: dict[str, str] = {}
    of_fold = next(iter(predictions_by_models(member, lineage)), [])
    models = _models(of_fold)
    for predicted in of_fold:
        flat |= dict(_flat(predicted["inputs"].get("recipe")))
    for name in models:
        flat |= _training_settings(name, lineage, owners)
    return flat | ({"seeds": str(len(models))} if len(models) > 1 else {})


def _training_settings(model: str, lineage: Lineage, owners: Mapping[str, CachedMember]) -> dict[str, str]:
    """Settings of a model's training by dotted key.

    Of a mean of weights the values of all trainings where they differ, and the members that were averaged.
    """
    made = lineage.record(model) or {"step": "", "inputs": {}}
    if made["step"] != "average_weights":
        return dict(_flat(made["inputs"].get("recipe")))
    models = list(input_artifacts(made["inputs"]["models"]))
    settings = [_training_settings(each, lineage, owners) for each in models]
    values = {key: dict.fromkeys(each.get(key, "") for each in settings) for key in settings[0]}
    averaged = dict.fromkeys(owners[each].short if each in owners else "gone" for each in models)
    members = {f"average.{place}": each for place, each in enumerate(averaged)}
    return {key: "/".join(each) for key, each in values.items()} | members


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and values of nested JSON."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if entries is None:
        if key:
            yield key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return
    for name, each in entries:
        yield from _flat(each, f"{key}.{name}".lstrip("."))


def differing(settings: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Of each of several settings the entries that not all of them have; long values are cut off.

    Empty settings, of which nothing is known any more, make no others differ.

    >>> differing([{"epochs": "3", "seed": "0"}, {"epochs": "5", "seed": "0"}])
    [{'epochs': '3'}, {'epochs': '5'}]
    """
    all_settings = list(settings)
    known = [set(each.items()) for each in all_settings if each]
    common = set.intersection(*known) if known else set()
    return [
        {key: value[:LONGEST_VALUE] for key, value in each.items() if (key, value) not in common}
        for each in all_settings
    ]
