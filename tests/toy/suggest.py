"""How fast the layer learns, and how long."""

from typing import Any

from tasks.toy.config import Config


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    return {
        "recipe.learning_rate": trial.suggest_float("recipe.learning_rate", 1e-3, 10.0, log=True),
        "recipe.epochs": trial.suggest_int("recipe.epochs", 4, 40),
    }
