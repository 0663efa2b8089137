"""A second round of cross-validation in which confident test predictions join the training records."""

from flows.training.cross_validation import CrossValidation, Member, second_round_recipe
from flows.training.frozen_trunk import frozen_outputs
from tasks.pseudo import pseudo


def second_round(validation: CrossValidation, members: dict[str, Member]) -> dict[str, Member]:
    """Train each recipe again; a fold's labels come only from models that have not seen its records."""
    config = validation.config
    labels = [
        pseudo.submit([member.predictions[fold] for member in members.values()], config.pseudo, fold=fold)
        for fold in validation.fold_indices
    ]
    again = [second_round_recipe(recipe) for recipe in config.recipes]
    return {
        recipe.name: validation.member(recipe, frozen_outputs(validation, recipe), labels=labels)
        for recipe in again
    }
