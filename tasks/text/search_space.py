"""What a search tries of encoders that read texts."""

from typing import Any

from tasks.learning.search.search_space import halved_or_doubled, rounded
from tasks.text.config import Encoder


def encoder(trial: Any, name: str, given: Encoder) -> dict[str, Any]:
    """Dropout, and the width of a network that starts from nothing; by the keys that `--set` takes."""
    if given.kind == "bert":
        key = f"{name}.bert.dropout"
        return {key: rounded(trial.suggest_float(key, 0.0, 0.4))}
    found: dict[str, Any] = {}
    for part, most in (("dropout", 0.5), ("gate_dropout", 0.4)):
        key = f"{name}.dgcnn.{part}"
        found[key] = rounded(trial.suggest_float(key, 0.0, most))
    if not given.dgcnn.vectors:
        key = f"{name}.dgcnn.width"
        found[key] = halved_or_doubled(trial, key, given.dgcnn.width, low=8, high=256)
    return found
