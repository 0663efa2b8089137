"""What one trial of `podium search` changes, by the keys that `--set` takes.

To fill in: further settings. The first choice of each must be the present value, so that the first trial
changes nothing.
"""

from typing import Any

from tasks.learning.search.search_space import rounded
from tasks.my_images.config import Config


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    """Differences from the settings of the only recipe."""
    recipe = config.recipes[0]
    widths = [list(recipe.network.widths), [2 * width for width in recipe.network.widths]]
    names = [",".join(map(str, each)) for each in widths]
    chosen = trial.suggest_categorical("recipe.network.widths", names)
    return {
        "recipe.network.widths": widths[names.index(chosen)],
        "recipe.network.dropout": rounded(trial.suggest_float("recipe.network.dropout", 0.0, 0.6)),
        "recipe.augmentation.shift": rounded(trial.suggest_float("recipe.augmentation.shift", 0.0, 0.2)),
    }
