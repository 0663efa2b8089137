"""What one trial of `podium search` changes, by the keys that `--set` takes.

To fill in: further settings. The first choice of each must be the present value, so that the first trial
changes nothing.
"""

from typing import Any

from tasks.learning.search.search_space import halved_or_doubled, nearby, rounded
from tasks.my_texts.config import Config


def suggest(trial: Any, config: Config) -> dict[str, Any]:
    """Differences from the settings of the only recipe."""
    now = config.recipes[0].estimator
    most = "recipe.estimator.most_ngrams"
    suggested: dict[str, Any] = {most: halved_or_doubled(trial, most, now.most_ngrams, low=100, high=10**6)}
    if now.kind == "linear":
        key = "recipe.estimator.inverse_penalty"
        suggested[key] = rounded(nearby(trial, key, now.inverse_penalty, factor=100.0))
    return suggested
