"""Weights from files, with one clear message when they are absent or do not fit."""

import warnings
from pathlib import Path
from typing import Any

from tasks.core.errors import MissingWeights
from tasks.core.places import expand


def filled(model: Any, path: Path) -> Any:
    if error := _load(model, path):
        raise MissingWeights(f"{path}: does not fit the network it is meant for ({error})")
    return model


def fits(model: Any, path: Path) -> bool:
    return _load(model, path) is None


def _load(model: Any, path: Path) -> str | None:
    """Fill the model from a file; the first line of what went wrong, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns once a layer where one error says it all
        try:
            model.load_weights(path)
        except Exception as error:
            return first_line(error)
    return None


def weights_file(weights: str) -> Path:
    """The file a setting names.

    Raises:
        MissingWeights: there is none.
    """
    path = expand(weights)
    if not path.is_file():
        raise MissingWeights(
            f"trunk.backbones.weights: expected 'imagenet', 'none' or a file, received {weights!r} "
            f"(no file {path})"
        )
    return path


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
