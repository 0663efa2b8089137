"""Outputs of the frozen part of a recipe's network, computed once and shared by all trainings."""

from typing import Any

from flows.training.cross_validation import CrossValidation, ModelInputs


def frozen_outputs(validation: CrossValidation, recipe: Any) -> ModelInputs:
    """Outputs of the frozen part for all views of the records; empty where all layers are trained."""
    if not recipe.trunk.cut:
        return ModelInputs()
    frozen, test_views = {"trunk": recipe.trunk}, recipe.test_time.views
    encoded = {
        view: validation.encoded(recipe, frozen, view) for view in dict.fromkeys(("identity", *test_views))
    }
    for_training = {"identity": encoded["identity"]} if recipe.views else encoded
    settings = {**frozen, "augmentation": recipe.augmentation}
    views = validation.views(recipe, settings, recipe.views)
    is_plain = any(stage.plain for stage in recipe.training.stages)
    plain_views = validation.views(recipe, settings, recipe.views, kind="plain") if is_plain else []
    return ModelInputs(views, plain_views, for_training, {view: encoded[view] for view in test_views})
