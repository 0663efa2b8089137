"""The search space of text encoders."""

from typing import Any

from tasks.learning.search.search_space import halved_or_doubled, rounded
from tasks.text.config import Encoder


def encoder(trial: Any, name: str, settings: Encoder) -> dict[str, Any]:
    """Dropout, and the width of an encoder without pretrained weights, by the keys that `--set` takes."""
    if settings.kind == "bert":
        key = f"{name}.bert.dropout"
        return {key: rounded(trial.suggest_float(key, 0.0, 0.4))}
    suggested: dict[str, Any] = {}
    for key, most in ((f"{name}.dgcnn.dropout", 0.5), (f"{name}.dgcnn.gate_dropout", 0.4)):
        suggested[key] = rounded(trial.suggest_float(key, 0.0, most))
    if not settings.dgcnn.vectors:
        key = f"{name}.dgcnn.width"
        suggested[key] = halved_or_doubled(trial, key, settings.dgcnn.width, low=8, high=256)
    return suggested
