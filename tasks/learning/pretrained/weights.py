"""Loading of weights from files, with one clear error if they are absent or do not fit."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.errors import MissingWeights
from tasks.core.locations import expand

HDF5 = b"\x89HDF\r\n\x1a\n"
"""How an HDF5 file begins."""


def load_weights(model: Any, path: Path) -> Any:
    """Load a model's weights from a file and return the model.

    Raises:
        MissingWeights: they do not fit, or some are no numbers.
    """
    if error := _load(model, path):
        raise MissingWeights(f"{path}: does not fit the network it is meant for ({error})")
    return model


def fits(model: Any, path: Path) -> bool:
    """Load a model's weights from a file if they fit; return whether they do.

    Raises:
        MissingWeights: they fit, but some are no numbers.
    """
    return _load(model, path) is None


def _load(model: Any, path: Path) -> str | None:
    """Load weights; return the first line of the error, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns for each layer; one error is enough
        try:
            model.load_weights(path)
        except Exception as error:
            return _not_hdf5(path) or first_line(error)
    check_finite(model, str(path))
    return None


def _not_hdf5(path: Path) -> str | None:
    """What a file of weights is that is no HDF5 file, which h5py says in words for its own programmers."""
    if path.suffix != ".h5":
        return None
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(HDF5):
        return None
    size = f"{path.stat().st_size:,} bytes" + (f" that begin with {start!r}" if start else "")
    return f"expected an HDF5 file, received {size}"


def check_finite(model: Any, source: str) -> None:
    """Check that all weights of a network are numbers.

    Args:
        source: what they were read from, for the message.

    Raises:
        MissingWeights: some are NaN or infinite; names the first such array.
    """
    from keras import ops

    for variable in model.weights:
        values = ops.convert_to_numpy(variable.value).astype(np.float32)
        if not np.isfinite(values).all():
            count = int((~np.isfinite(values)).sum())
            received = f"{count:,} of {values.size:,} in {variable.path} that are NaN or infinite"
            raise MissingWeights(f"{source}: expected weights that are numbers, received {received}")


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
