"""Provenance of a cached member: its steps, its models, its recipe, and submissions that contain it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from flows.members.cached_members import CachedMember
from flows.members.member_models import predictions_by_models
from tasks.core.cache.lineage import Lineage, input_artifacts
from tasks.core.cache.store import Artifact, Store
from tasks.core.submissions.submissions import Submission


class EarlierMember(NamedTuple):
    """A member of an earlier run, with all that is known of it."""

    artifact: Artifact
    """Its out-of-fold predictions."""
    scores: dict[str, Artifact]
    """Its scores of the validation and test records at hand, by part, as far as the store has them."""
    models: list[Artifact] = []
    """Its models, of each fold those of all seeds, one fold after another; empty unless the store has all."""
    recipe: Any = None
    """Its settings, with which the models predict what is missing in `scores`."""


def submissions_with(member: CachedMember, submissions: Iterable[Submission]) -> list[Submission]:
    """The submissions that the member is part of, in their order."""
    return [each for each in submissions if _step_of(member, each)]


def recipe_of(member: CachedMember, submissions: Iterable[Submission]) -> dict[str, Any] | None:
    """The settings of the member's recipe, from a submission that it is part of; None if there is none."""
    for submission in submissions_with(member, submissions):
        for described in (submission.provenance.get("ensemble") or {}).get("members", {}).values():
            if described["member"] == member.artifact.model_dump() and described["recipe"]:
                recipe: dict[str, Any] = described["recipe"]
                return recipe
    return None


def _step_of(member: CachedMember, submission: Submission) -> dict[str, Any] | None:
    steps = submission.provenance.get("steps", [])
    return next((each for each in steps if each.get("artifact") == member.artifact.name), None)


def earlier_members(
    members: dict[str, CachedMember], config_type: type[Any], submissions: Sequence[Submission]
) -> dict[str, EarlierMember]:
    """All that store and submissions know of the members, by name."""
    lineage = Lineage(Store.current().records())
    return {
        name: EarlierMember(
            member.artifact,
            dict(member.scores),
            models_of(member, lineage),
            recipe_settings(recipe_of(member, submissions), config_type),
        )
        for name, member in members.items()
    }


def predictor(config_type: type[Any], submissions: Sequence[Submission]) -> Callable[[CachedMember], bool]:
    """A function that says whether all models of a member are in the store, and its settings are known."""
    lineage = Lineage(Store.current().records())

    def can_predict(member: CachedMember) -> bool:
        recipe = recipe_settings(recipe_of(member, submissions), config_type)
        return recipe is not None and bool(models_of(member, lineage))

    return can_predict


def recipe_settings(recipe: dict[str, Any] | None, config_type: type[Any]) -> Any:
    """The settings of a recipe; None if there are none, or they are of an earlier version."""
    try:
        return config_type.model_validate({"recipes": [recipe]}).recipes[0] if recipe else None
    except ValueError:
        return None


def models_of(member: CachedMember, lineage: Lineage) -> list[Artifact]:
    """The member's models by fold and seed; empty unless all are in the store: some predict differently."""
    store, models = Store.current(), list[Artifact]()
    for of_fold in predictions_by_models(member, lineage):
        names = [name for predicted in of_fold for name in input_artifacts(predicted["inputs"]["models"])]
        for name in names:
            trained = lineage.record(name)
            artifact = Artifact.model_validate(trained["result"]) if trained else None
            if artifact is None or not store.is_whole(artifact):
                return []
            models.append(artifact)
        if not names:
            return []
    return models


def note_steps(
    artifacts: Iterable[Artifact], *, run: str, omitted: Collection[str] = ("load", "common", "split")
) -> None:
    """Note all steps behind the artifacts in the run's journal, as if the run had found them in the cache.

    A submission's provenance then contains them, and cleaning keeps their artifacts. Steps that the journal
    has already are not noted again.

    Args:
        omitted: steps that the run calls itself.
    """
    store = Store.current()
    lineage = Lineage(store.records())
    records = {each["key"]: each for artifact in artifacts for each in lineage.ancestors(artifact.name)}
    noted = {entry["key"] for entry in store.journal(run)}
    for record in records.values():
        if record["step"] not in omitted and record["key"] not in noted:
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
