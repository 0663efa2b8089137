"""Read an estimator of scikit-learn that `tasks.learning.estimators.writing` has stored."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tasks.learning.estimators.class_names import named
from tasks.learning.estimators.writing import ARRAYS, DESCRIPTION

BIT_GENERATORS = (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)


def load(folder: Path) -> Any:
    """Read an estimator that `save` has written.

    Raises:
        ValueError: the file names anything but a class of scikit-learn.
    """
    import sklearn  # noqa: F401  # classes are made by their names; its version belongs into keys

    described = json.loads((folder / DESCRIPTION).read_text("utf-8"))
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        return _Reader(arrays).made(described)


class _Reader:
    """Values of JSON and arrays."""

    def __init__(self, arrays: Any) -> None:
        self._arrays = arrays
        self._makers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "list": lambda value: list(map(self.made, value["list"])),
            "tuple": lambda value: tuple(map(self.made, value["tuple"])),
            "set": lambda value: set(map(self.made, value["set"])),
            "frozenset": lambda value: frozenset(map(self.made, value["frozenset"])),
            "dict": lambda value: {self.made(key): self.made(each) for key, each in value["dict"]},
            "scalar": lambda value: self.made(value["scalar"])[()],
            "float": lambda value: float(value["float"]),
            "dtype": lambda value: np.lib.format.descr_to_dtype(value["dtype"]),
            "slice": lambda value: slice(*value["slice"]),
            "name": lambda value: named(value["name"]),
            "array": lambda value: self._arrays[value["array"]],
            "fields": self._structured,
            "objects": self._objects,
            "sparse": self._sparse,
            "random": self._random_state,
            "generator": self._generator,
            "state": self._object,
        }
        """What makes a value, by a key that its description has."""

    def made(self, value: Any) -> Any:
        """The value of a description; raises ValueError if it is none."""
        if not isinstance(value, dict):
            return value
        for key, make in self._makers.items():
            if key in value:
                return make(value)
        raise ValueError(f"expected the description of a value, received the keys {sorted(value)}")

    def _structured(self, value: dict[str, Any]) -> np.ndarray:
        array = np.zeros(value["shape"], np.dtype(value["form"]))
        for name, field in value["fields"].items():
            array[name] = self.made(field)
        return array

    def _objects(self, value: dict[str, Any]) -> np.ndarray:
        array = np.empty(math.prod(value["shape"]), object)
        for place, each in enumerate(value["objects"]):
            array[place] = self.made(each)
        return array.reshape(value["shape"])

    def _object(self, value: dict[str, Any]) -> Any:
        arguments = list(map(self.made, value["arguments"]))
        if "new" in value:
            kind = named(value["new"])
            found = kind.__new__(kind, *arguments)
        else:
            found = named(value["called"])(*arguments)
        if (state := self.made(value["state"])) is not None:
            if hasattr(found, "__setstate__"):
                found.__setstate__(state)
            else:
                vars(found).update(state)
        return found

    def _random_state(self, value: dict[str, Any]) -> Any:
        found = np.random.RandomState()
        found.set_state(self.made(value["random"]))
        return found

    def _generator(self, value: dict[str, Any]) -> Any:
        state = self.made(value["generator"])
        kinds = {kind.__name__: kind for kind in BIT_GENERATORS}
        generator = np.random.Generator(kinds[state["bit_generator"]]())
        generator.bit_generator.state = state
        return generator

    def _sparse(self, value: dict[str, Any]) -> Any:
        from scipy.sparse import csr_array, csr_matrix

        kind = csr_matrix if value["matrix"] else csr_array
        rows = kind(tuple(map(self.made, value["sparse"])), shape=tuple(value["shape"]))
        return rows.asformat(value["format"])
