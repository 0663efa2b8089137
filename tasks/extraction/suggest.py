"""The search space of a recipe: settings near its own, as far as they apply to its method."""

from typing import Any

from tasks.extraction.config import Config, Recipe
from tasks.learning.search.search_space import halved_or_doubled, rounded, stages
from tasks.text.search_space import encoder


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    """Differences from the settings, by the keys that `--set` takes."""
    recipe = config.recipes[0]
    return {
        **stages(trial, "recipe.training.stages", recipe.training.stages),
        **encoder(trial, "recipe.encoder", recipe.encoder),
        **_training(trial, recipe),
        **_augmentation(trial, recipe),
    }


def _training(trial: Any, recipe: Recipe) -> dict[str, Any]:
    training = recipe.training
    key = (
        "recipe.training.batch_sentences" if training.batch_sentences else "recipe.training.batch_characters"
    )
    low, high = (1, 1024) if training.batch_sentences else (64, 65536)
    size = training.batch_sentences or training.batch_characters
    chosen: dict[str, Any] = {key: halved_or_doubled(trial, key, size, low=low, high=high)}
    choices = [training.ema, *(each for each in (0.0, 0.99) if each != training.ema)]
    chosen["recipe.training.ema"] = trial.suggest_categorical("recipe.training.ema", choices)
    if recipe.method != "gplinker":
        chosen["recipe.training.subjects"] = trial.suggest_int("recipe.training.subjects", 1, 8)
    return chosen


def _augmentation(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """Settings of views; `share` takes effect without new views."""
    if not recipe.augmentation.views:
        return {}
    chosen = {}
    for part in ("share", "crop"):
        key = f"recipe.augmentation.{part}"
        chosen[key] = rounded(trial.suggest_float(key, 0.0, 1.0), 2)
    return chosen
