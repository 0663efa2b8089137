"""Explanations of a run's worst mistakes, for its report."""

import json
from collections.abc import Mapping
from typing import Any

from flows.training.cross_validation import Member
from flows.training.dataset import Future, Parts
from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.explain import explain


def worst_explained(
    competition: str,
    config: Any,
    parts: Parts,
    folds: Future,
    members: Mapping[str, Member],
    blended: Future,
) -> tuple[Future | None, str]:
    """Why the member with the largest weight makes its worst mistakes, and its name.

    None where the settings ask for none, or no member has networks of which a competition knows what they
    look at. To know the weights this waits for the blend.
    """
    count = config.run.explained
    known = {name: each for name, each in members.items() if each.models and can_be_explained(each.recipe)}
    if not count or not known or find(competition).explainer is None:
        return None, ""
    name = _heaviest(blended, list(known))
    member = known[name]
    future = explain.submit(
        competition,
        member.recipe.for_prediction(),
        [parts.train],
        folds,
        member.joined,
        member.models,
        blended,
        name=name,
        ids={},
        worst=count,
        of="mistakes",
        seed=config.seed,
        run=config.run,
    )
    return future, name


def can_be_explained(recipe: Any) -> bool:
    """Whether a member of this recipe has networks; None are the settings of a member from files."""
    return recipe is not None and bool(recipe.trains_network)


def _heaviest(blended: Future, names: list[str]) -> str:
    """The member with the largest weight; the first where the blend is only planned."""
    artifact = blended.result() if hasattr(blended, "wait") else blended
    if not isinstance(artifact, Artifact):
        return names[0]
    weights = json.loads((artifact.path / "blend.json").read_text("utf-8"))["weights"]
    return max(names, key=lambda name: weights.get(name, 0.0))
