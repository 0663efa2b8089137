"""Weights rounded to float16, the IEEE half precision: files of half the size, networks compute as before."""

from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.errors import InvalidSettings


def round_to_half(file: Path) -> None:
    """Round all float32 arrays of a Keras weights file; Keras casts them back when it loads the file.

    Raises:
        InvalidSettings: an array has a number above 65,504, the largest of float16.
    """
    import h5py

    def copy(name: str, item: Any) -> None:
        if isinstance(item, h5py.Group):
            copied = target.require_group(name)
        else:
            copied = target.create_dataset(name, data=_rounded(name, item[()]))
        copied.attrs.update(item.attrs)

    hidden = file.with_name(f".{file.name}")
    try:
        with h5py.File(file) as source, h5py.File(hidden, "w") as target:
            target.attrs.update(source.attrs)
            source.visititems(copy)
        hidden.replace(file)
    finally:
        hidden.unlink(missing_ok=True)


def _rounded(name: str, values: np.ndarray) -> np.ndarray:
    """The array in float16 if it is of float32, else as it is."""
    if values.dtype != np.float32:
        return values
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    if not np.array_equal(np.isfinite(values), np.isfinite(halves)):
        expected = "weights of at most 65,504, the largest number of float16"
        received = f"{float(np.abs(values).max()):.0f} in {name}"
        raise InvalidSettings(f"--float16: expected {expected}, received {received}")
    return halves
