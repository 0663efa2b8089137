"""Views of photographs through the frozen part of a recipe, computed once and shared by all trainings."""

from typing import Any

from flows.training.cross_validation import Readings
from tasks.augment import augment
from tasks.encode import encode


def frozen_views(competition: str, recipe: Any, dataset: Any, folds: Any, config: Any) -> Readings:
    """What the frozen part of a recipe makes of the records; nothing when all of it learns."""
    if not recipe.trunk.cut:
        return Readings()
    seed, run = config.seed, config.run
    settings = {"trunk": recipe.trunk, "augmentation": recipe.augmentation}

    def views(kind: str) -> list[Any]:
        given = (competition, recipe.name, settings, dataset, folds)
        return [
            augment.submit(*given, view=view, kind=kind, seed=seed, run=run) for view in range(recipe.views)
        ]

    frozen = {"trunk": recipe.trunk}
    encoded = {
        name: encode.submit(competition, recipe.name, frozen, dataset, view=name, seed=seed, run=run)
        for name in dict.fromkeys(("identity", *recipe.test_time.views))
    }
    learned = {name: view for name, view in encoded.items() if name == "identity" or not recipe.views}
    shown = {name: encoded[name] for name in recipe.test_time.views}
    is_plain = any(stage.plain for stage in recipe.training.stages)
    return Readings(views("view"), views("plain") if is_plain else [], learned, shown)
