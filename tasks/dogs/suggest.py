"""What a search tries of a recipe for photographs: settings near its own, as far as they apply to it."""

from typing import Any

from tasks.dogs.config import Config, Recipe
from tasks.learning.search.search_space import halved_or_doubled, nearby, rounded, stages

OPTIMIZER = {"optimizer": "adamw", "schedule": "cosine", "warmup_epochs": 1.0}


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    """Differences from the settings, by the keys that `--set` takes."""
    recipe = config.recipes[0]
    found = {**_head(trial, recipe), **_trunk(trial, recipe), **_test_time(trial, recipe)}
    if recipe.training.stages:
        found |= stages(trial, "recipe.training.stages", recipe.training.stages)
        found |= _training(trial, recipe)
    else:
        found |= _first_stage(trial, recipe)
    if recipe.views:
        found |= _augmentation(trial, recipe)
    return found


def _head(trial: Any, recipe: Recipe) -> dict[str, Any]:
    head = recipe.head
    found: dict[str, Any] = {}
    if head.start == "discriminant":
        shrinkage = trial.suggest_float("recipe.head.shrinkage", 0.02, 0.98)
        found["recipe.head.shrinkage"] = rounded(shrinkage)
    if head.kind == "glu":
        width = halved_or_doubled(trial, "recipe.head.width", head.width, low=8, high=2048)
        found["recipe.head.width"] = width
        for part in ("center_weight", "auxiliary_weight"):
            key = f"recipe.head.{part}"
            found[key] = rounded(trial.suggest_float(key, 0.0, 1.0))
    return found


def _trunk(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """The size of photographs, where the network takes any: pooled features of a pretrained one."""
    backbone = recipe.trunk.backbones[0]
    if recipe.trunk.cut != "pool" or len(recipe.trunk.backbones) > 1:
        return {}
    key, size = "recipe.trunk.backbones.0.size_pixels", backbone.size_pixels
    sizes = [each for each in (size - 64, size - 32, size + 32) if 32 <= each <= 1024]
    return {key: trial.suggest_categorical(key, [size, *sizes])}


def _test_time(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """Views averaged; one word, for Optuna knows no lists."""
    now = ",".join(recipe.test_time.views)
    others = [each for each in ("identity,flip", "identity,flip,zoom,zoom_flip") if each != now]
    key = "recipe.test_time.views"
    return {key: trial.suggest_categorical(key, [now, *others]).split(",")}


def _training(trial: Any, recipe: Recipe) -> dict[str, Any]:
    training = recipe.training
    key = "recipe.training.batch_size"
    found: dict[str, Any] = _restraint(trial, recipe)
    found[key] = halved_or_doubled(trial, key, training.batch_size, low=4, high=1024)
    if training.mixing.probability:
        mixing = "recipe.training.mixing.probability"
        found[mixing] = rounded(trial.suggest_float(mixing, 0.0, 1.0))
    return found


def _restraint(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """What keeps a head that learns from learning too much by heart."""
    found: dict[str, Any] = {}
    for key, most in (("recipe.head.dropout", 0.6), ("recipe.training.label_smoothing", 0.3)):
        found[key] = rounded(trial.suggest_float(key, 0.0, most))
    if recipe.head.start != "random":
        key, now = "recipe.head.temperature", recipe.head.temperature
        found[key] = rounded(nearby(trial, key, now, factor=4.0, high=100.0))
    return found


def _first_stage(trial: Any, recipe: Recipe) -> dict[str, Any]:
    """Whether a head that starts where its features put it learns on from there."""
    key = "recipe.training.stages"
    if not trial.suggest_categorical(key, [False, True]):
        return {}
    stage = {
        **OPTIMIZER,
        "epochs": trial.suggest_categorical(f"{key}.0.epochs", [5, 10, 20]),
        "learning_rate": rounded(trial.suggest_float(f"{key}.0.learning_rate", 1e-5, 1e-2, log=True)),
        "weight_decay": rounded(trial.suggest_float(f"{key}.0.weight_decay", 0.0, 0.3)),
    }
    return {key: [stage], **_restraint(trial, recipe)}


def _augmentation(trial: Any, recipe: Recipe) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part, low, high in (("crop_scale", 0.2, 1.0), ("color", 0.0, 0.6), ("cutout", 0.0, 0.8)):
        key = f"recipe.augmentation.{part}"
        found[key] = rounded(trial.suggest_float(key, low, high))
    return found
