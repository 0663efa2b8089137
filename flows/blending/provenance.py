"""Where a cached member comes from: submissions that rest on it, its recipe, its models, all its steps."""

from collections.abc import Iterable, Sequence
from typing import Any

from flows.blending.cached_members import PastMember
from tasks.core.cache.lineage import Lineage
from tasks.core.cache.store import Artifact, Store
from tasks.core.submissions.submissions import Submission


def sources(member: PastMember, submissions: Iterable[Submission]) -> list[Submission]:
    """The submissions that rest on the member, in their order."""
    return [each for each in submissions if _step_of(member, each)]


def recipe_of(member: PastMember, submissions: Iterable[Submission]) -> dict[str, Any] | None:
    """The settings of the member's recipe, from a submission that rests on it."""
    for submission in sources(member, submissions):
        step = _step_of(member, submission) or {}
        for recipe in submission.provenance.get("config", {}).get("recipes", []):
            if f"gather {recipe.get('name')}" == step["label"]:
                return recipe
    return None


def _step_of(member: PastMember, submission: Submission) -> dict[str, Any] | None:
    steps = submission.provenance.get("steps", [])
    return next((each for each in steps if each.get("artifact") == member.artifact.name), None)


def models_of(member: PastMember, lineage: Lineage) -> list[Artifact]:
    """The model of each fold, as far as the store has them."""
    store, found = Store.current(), []
    for scores in member.record["inputs"].get("held_out", []):
        predicted = lineage.record(scores["artifact"]) or {"inputs": {}}
        for model in predicted["inputs"].get("models", []):
            made = lineage.record(model["artifact"])
            artifact = Artifact.model_validate(made["result"]) if made else None
            if artifact and store.is_whole(artifact):
                found.append(artifact)
    return found


def retell(members: Iterable[Artifact], *, run: str) -> None:
    """Note all steps behind the members in the run's journal, as if it had called them and found them cached.

    So a submission's provenance tells of them, and cleaning keeps what it rests on. The run calls `load` and
    `split` itself.
    """
    store = Store.current()
    lineage = Lineage(store.records())
    behind = {each["key"]: each for member in members for each in lineage.behind(member.name)}
    for record in behind.values():
        if record["step"] not in ("load", "split"):
            made = Artifact.model_validate(record["result"])
            entry = {name: record[name] for name in ("step", "label", "key", "seconds")}
            store.note(run, {**entry, "state": "cached", "artifact": made.name})


def with_recipes(config: Any, members: dict[str, PastMember], submissions: Sequence[Submission]) -> Any:
    """The settings with the members' own recipes, as far as submissions tell them; else with those given."""
    known = {name: recipe_of(member, submissions) for name, member in members.items()}
    recipes = [{**recipe, "name": name} for name, recipe in known.items() if recipe]
    if not recipes:
        return config
    try:
        return type(config).model_validate({**config.model_dump(), "recipes": recipes})
    except ValueError:  # recipes of an earlier version, whose settings are no longer known
        return config


def models_of_members(members: dict[str, PastMember]) -> dict[str, list[Artifact]]:
    """Models of all folds, by the member's name."""
    lineage = Lineage(Store.current().records())
    return {name: models_of(member, lineage) for name, member in members.items()}
