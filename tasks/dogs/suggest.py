"""The search space of a recipe for photographs: settings near its own, as far as they apply to it."""

from typing import Any

from tasks.dogs.config import Config, Recipe
from tasks.learning.search.search_space import halved_or_doubled, nearby, rounded, stages

OPTIMIZER = {"optimizer": "adamw", "schedule": "cosine", "warmup_epochs": 1.0}


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    """Differences from the settings, by the keys that `--set` takes."""
    recipe = config.recipes[0]
    suggested = {**_head(trial, recipe), **_trunk(trial, recipe), **_test_time(trial, recipe)}
    if recipe.training.stages:
        suggested |= stages(trial, "recipe.training.stages", recipe.training.stages)
        suggested |= _training(trial, recipe)
    else:
        suggested |= _first_stage(trial, recipe)
    if recipe.views:
        suggested |= _augmentation(trial, recipe)
    return suggested


def _head(trial: Any, recipe: Recipe) -> dict[str, Any]:
    head = recipe.head
    suggested: dict[str, Any] = {}
    if head.start == "discriminant":
        suggested |= _uniform(trial, "recipe.head.shrinkage", 0.02, 0.98)
    if head.kind == "glu":
        key = "recipe.head.width"
        suggested[key] = halved_or_doubled(trial, key, head.width, low=8, high=2048)
        suggested |= _uniform(trial, "recipe.head.center_weight", 0.0, 1.0)
        suggested |= _uniform(trial, "recipe.head.auxiliary_weight", 0.0, 1.0)
    return suggested


def _uniform(trial: Any, key: str, low: float, high: float) -> dict[str, Any]:
    return {key: rounded(trial.suggest_float(key, low, high))}


def _trunk(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """The size of photographs, where it may vary: pooled features of one pretrained network."""
    backbone = recipe.trunk.backbones[0]
    if recipe.trunk.cut != "pool" or len(recipe.trunk.backbones) > 1:
        return {}
    key, size = "recipe.trunk.backbones.0.size_pixels", backbone.size_pixels
    sizes = [each for each in (size - 64, size - 32, size + 32) if 32 <= each <= 1024]
    return {key: trial.suggest_categorical(key, [size, *sizes])}


def _test_time(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """Views averaged; one string, since Optuna has no lists."""
    now = ",".join(recipe.test_time.views)
    others = [each for each in ("identity,flip", "identity,flip,zoom,zoom_flip") if each != now]
    key = "recipe.test_time.views"
    return {key: trial.suggest_categorical(key, [now, *others]).split(",")}


def _training(trial: Any, recipe: Recipe) -> dict[str, Any]:
    training = recipe.training
    key = "recipe.training.batch_size"
    suggested: dict[str, Any] = _regularisation(trial, recipe)
    suggested[key] = halved_or_doubled(trial, key, training.batch_size, low=4, high=1024)
    if training.mixing.probability:
        suggested |= _uniform(trial, "recipe.training.mixing.probability", 0.0, 1.0)
    return suggested


def _regularisation(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """Regularisation of a trainable head."""
    suggested = _uniform(trial, "recipe.head.dropout", 0.0, 0.6)
    suggested |= _uniform(trial, "recipe.training.label_smoothing", 0.0, 0.3)
    if recipe.head.start != "random":
        key, now = "recipe.head.temperature", recipe.head.temperature
        suggested[key] = rounded(nearby(trial, key, now, factor=4.0, high=100.0))
    return suggested


def _first_stage(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """Whether a head that starts from its features is trained further."""
    key = "recipe.training.stages"
    if not trial.suggest_categorical(key, [False, True]):
        return {}
    stage = {
        **OPTIMIZER,
        "epochs": trial.suggest_categorical(f"{key}.0.epochs", [5, 10, 20]),
        "learning_rate": rounded(trial.suggest_float(f"{key}.0.learning_rate", 1e-5, 1e-2, log=True)),
        "weight_decay": rounded(trial.suggest_float(f"{key}.0.weight_decay", 0.0, 0.3)),
    }
    return {key: [stage], **_regularisation(trial, recipe)}


def _augmentation(trial: Any, recipe: Recipe) -> dict[str, Any]:
    return {
        **_uniform(trial, "recipe.augmentation.crop_scale", 0.2, 1.0),
        **_uniform(trial, "recipe.augmentation.color", 0.0, 0.6),
        **_uniform(trial, "recipe.augmentation.cutout", 0.0, 0.8),
    }
