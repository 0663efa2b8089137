"""Loading of weights from files, with one clear error if they are absent or do not fit."""

import warnings
from pathlib import Path
from typing import Any

from tasks.core.errors import MissingWeights
from tasks.core.locations import expand


def load_weights(model: Any, path: Path) -> Any:
    """Load a model's weights from a file and return the model; raises MissingWeights if they do not fit."""
    if error := _load(model, path):
        raise MissingWeights(f"{path}: does not fit the network it is meant for ({error})")
    return model


def fits(model: Any, path: Path) -> bool:
    """Load a model's weights from a file if they fit; return whether they do."""
    return _load(model, path) is None


def _load(model: Any, path: Path) -> str | None:
    """Load weights; return the first line of the error, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns for each layer; one error is enough
        try:
            model.load_weights(path)
        except Exception as error:
            return first_line(error)
    return None


def weights_file(weights: str) -> Path:
    """The path of the file that a setting names; raises MissingWeights if there is no such file."""
    path = expand(weights)
    if not path.is_file():
        raise MissingWeights(
            f"trunk.backbones.weights: expected 'imagenet', 'none' or a file, received {weights!r} "
            f"(no file {path})"
        )
    return path


def first_line(error: Exception) -> str:
    """Return the first line of the error's message, or its class if the message is empty."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
