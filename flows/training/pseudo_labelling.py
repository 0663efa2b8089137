"""A second round of cross-validation in which confident test predictions join the training records."""

from typing import Any

from flows.training.cross_validation import Member, cross_validate
from flows.training.frozen_trunk import frozen_views
from tasks.pseudo import pseudo


def second_round(
    competition: str, config: Any, dataset: Any, folds: Any, members: dict[str, Member]
) -> dict[str, Member]:
    """Train each recipe again; a fold learns only labels given by models that never saw its records."""
    labels = [
        pseudo.submit([member.scores[fold] for member in members.values()], config.pseudo, fold=fold)
        for fold in range(config.folds.count)
    ]
    again = [recipe.model_copy(update={"name": f"{recipe.name}-again"}) for recipe in config.recipes]
    given = (dataset, folds, config)
    return {
        recipe.name: cross_validate(
            competition, recipe, frozen_views(competition, recipe, *given), *given, labels=labels
        )
        for recipe in again
    }
