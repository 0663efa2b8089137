"""Provenance of a cached member: its steps, its models, its recipe, and submissions that contain it."""

from collections.abc import Iterable, Sequence
from typing import Any

from flows.blending.cached_members import CachedMember
from tasks.core.cache.lineage import Lineage
from tasks.core.cache.store import Artifact, Store
from tasks.core.submissions.submissions import Submission


def submissions_with(member: CachedMember, submissions: Iterable[Submission]) -> list[Submission]:
    """The submissions that the member is part of, in their order."""
    return [each for each in submissions if _step_of(member, each)]


def recipe_of(member: CachedMember, submissions: Iterable[Submission]) -> dict[str, Any] | None:
    """The settings of the member's recipe, from a submission that it is part of; None if there is none."""
    for submission in submissions_with(member, submissions):
        step = _step_of(member, submission) or {}
        for recipe in submission.provenance.get("config", {}).get("recipes", []):
            if f"gather {recipe.get('name')}" == step["label"]:
                return recipe
    return None


def _step_of(member: CachedMember, submission: Submission) -> dict[str, Any] | None:
    steps = submission.provenance.get("steps", [])
    return next((each for each in steps if each.get("artifact") == member.artifact.name), None)


def models_of_members(members: dict[str, CachedMember]) -> dict[str, list[Artifact]]:
    """The models of all folds that are in the store, by the member's name."""
    lineage = Lineage(Store.current().records())
    return {name: _models(member, lineage) for name, member in members.items()}


def _models(member: CachedMember, lineage: Lineage) -> list[Artifact]:
    store, models = Store.current(), []
    for scores in member.record["inputs"].get("held_out", []):
        predicted = lineage.record(scores["artifact"]) or {"inputs": {}}
        for model in predicted["inputs"].get("models", []):
            trained = lineage.record(model["artifact"])
            artifact = Artifact.model_validate(trained["result"]) if trained else None
            if artifact and store.is_whole(artifact):
                models.append(artifact)
    return models


def note_steps(members: Iterable[Artifact], *, run: str) -> None:
    """Note all steps behind the members in the run's journal, as if the run had found them in the cache.

    A submission's provenance then contains them, and cleaning keeps their artifacts. The run calls `load` and
    `split` itself.
    """
    store = Store.current()
    lineage = Lineage(store.records())
    records = {each["key"]: each for member in members for each in lineage.ancestors(member.name)}
    for record in records.values():
        if record["step"] not in ("load", "split"):
            artifact = Artifact.model_validate(record["result"])
            entry = {name: record[name] for name in ("step", "label", "key", "seconds")}
            store.note(run, {**entry, "state": "cached", "artifact": artifact.name})


def with_recipes(config: Any, members: dict[str, CachedMember], submissions: Sequence[Submission]) -> Any:
    """The settings with the recipes of the members that are part of a submission; unchanged if none is."""
    by_name = {name: recipe_of(member, submissions) for name, member in members.items()}
    recipes = [{**recipe, "name": name} for name, recipe in by_name.items() if recipe]
    if not recipes:
        return config
    try:
        return type(config).model_validate({**config.model_dump(), "recipes": recipes})
    except ValueError:  # recipes of an earlier version with settings that no longer exist
        return config
