"""The search space of a recipe: settings near its own, as far as they apply to it."""

from typing import Any

from tasks.learning.search.search_space import halved_or_doubled, rounded, stages
from tasks.nl2sql.config import Config, Recipe
from tasks.text.search_space import encoder


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    """Differences from the settings, by the keys that `--set` takes."""
    recipe = config.recipes[0]
    method = _matcher(trial) if recipe.method == "two-stage" else _sketch(trial)
    return {
        **stages(trial, "recipe.training.stages", recipe.training.stages),
        **encoder(trial, "recipe.encoder", recipe.encoder),
        **_training(trial, recipe),
        **_augmentation(trial, recipe),
        **method,
    }


def _training(trial: Any, recipe: Recipe) -> dict[str, Any]:
    training, key = recipe.training, "recipe.training.batch_questions"
    choices = [training.ema, *(each for each in (0.0, 0.99) if each != training.ema)]
    return {
        key: halved_or_doubled(trial, key, training.batch_questions, low=4, high=4096),
        "recipe.training.ema": trial.suggest_categorical("recipe.training.ema", choices),
    }


def _sketch(trial: Any) -> dict[str, Any]:
    return {"recipe.sketch.shuffle": rounded(trial.suggest_float("recipe.sketch.shuffle", 0.0, 1.0), 2)}


def _matcher(trial: Any) -> dict[str, Any]:
    accept = trial.suggest_float("recipe.matcher.accept", 0.1, 0.9)
    agreement = trial.suggest_float("recipe.matcher.agreement", 0.0, 1.0)
    return {
        "recipe.matcher.negatives": trial.suggest_int("recipe.matcher.negatives", 2, 30, log=True),
        "recipe.matcher.accept": rounded(accept, 2),
        "recipe.matcher.agreement": rounded(agreement, 2),
    }


def _augmentation(trial: Any, recipe: Recipe) -> dict[str, Any]:
    if not recipe.augmentation.views:
        return {}
    keys = [f"recipe.augmentation.{part}" for part in ("share", "values", "columns", "refill")]
    return {key: rounded(trial.suggest_float(key, 0.0, 1.0), 2) for key in keys}
