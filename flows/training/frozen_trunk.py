"""Outputs of the frozen part of a recipe's network, computed once and shared by all trainings."""

from typing import Any

from flows.training.cross_validation import CrossValidation, Future, ModelInputs
from tasks.augment import augment
from tasks.encode import encode


def frozen_outputs(validation: CrossValidation, recipe: Any) -> ModelInputs:
    """Outputs of the frozen part for all views of the records; empty where all layers are trained."""
    if not recipe.trunk.cut:
        return ModelInputs()
    competition, _, dataset, folds = validation
    settings = {"trunk": recipe.trunk, "augmentation": recipe.augmentation}

    def views(kind: str) -> list[Future]:
        return [
            augment.submit(
                competition, recipe.name, settings, dataset, folds, view=view, kind=kind, **validation.options
            )
            for view in range(recipe.views)
        ]

    frozen = {"trunk": recipe.trunk}
    encoded = {
        name: encode.submit(competition, recipe.name, frozen, dataset, view=name, **validation.options)
        for name in dict.fromkeys(("identity", *recipe.test_time.views))
    }
    for_training = {"identity": encoded["identity"]} if recipe.views else encoded
    for_prediction = {name: encoded[name] for name in recipe.test_time.views}
    is_plain = any(stage.plain for stage in recipe.training.stages)
    return ModelInputs(views("view"), views("plain") if is_plain else [], for_training, for_prediction)
