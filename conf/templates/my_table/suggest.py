"""What one trial of `podium search` changes, by the keys that `--set` takes.

To fill in: further settings. The first choice of each must be the present value, so that the first trial
changes nothing.
"""

from typing import Any

from tasks.learning.search.search_space import halved_or_doubled, nearby, rounded
from tasks.my_table.config import Config


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    """Differences from the settings of the only recipe."""
    now = config.recipes[0].estimator
    if now.kind == "linear":
        key = "recipe.estimator.inverse_penalty"
        return {key: rounded(nearby(trial, key, now.inverse_penalty, factor=100.0))}
    count = "recipe.estimator.count"
    suggested: dict[str, Any] = {count: halved_or_doubled(trial, count, now.count, low=10, high=10_000)}
    if now.kind == "boosting":
        rate = "recipe.estimator.learning_rate"
        suggested[rate] = rounded(nearby(trial, rate, now.learning_rate, factor=5.0))
    return suggested
