"""Fitted estimators of scikit-learn in files, without pickle: `estimator.json` and `estimator.npz`.

The JSON describes the tree of objects, the archive has their arrays. Objects are taken apart as pickle does,
by `__reduce_ex__`, so that trees, pipelines and histograms are stored too; `reading` makes them again of
classes of scikit-learn alone and runs no code that a file brings along, as pickle and joblib would. Fields of
structured arrays are stored one by one: between them numpy leaves bytes that chance decides.

The format belongs to the version of scikit-learn, which is in the key of every step that imports it.
"""

import copyreg
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from tasks.learning.estimators.class_names import PACKAGE, CannotBeStored, name_of, refusal

DESCRIPTION, ARRAYS = "estimator.json", "estimator.npz"
DEEPEST = 100
"""Objects inside each other."""


def save(estimator: Any, folder: Path) -> None:
    """Write a fitted estimator; equal estimators give equal bytes.

    Raises:
        CannotBeStored: it holds something else than data and objects of scikit-learn.
    """
    writer = _Writer()
    described = writer.described(estimator, 0)
    (folder / DESCRIPTION).write_text(json.dumps(described, allow_nan=False, sort_keys=True), "utf-8")
    with (folder / ARRAYS).open("wb") as stream:
        np.savez(stream, **writer.arrays)  # type: ignore[arg-type]


class _Writer:
    """Values as JSON; arrays are collected."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def described(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise CannotBeStored(f"expected at most {DEEPEST} objects inside each other; is one in itself?")
        if value is None or type(value) in (bool, str, int):
            return value
        if isinstance(value, np.ndarray | np.generic):
            array = self._array(np.asarray(value), depth)
            return array if isinstance(value, np.ndarray) else {"scalar": array}
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, list | tuple | set | frozenset):
            return self._items(value, depth)
        if isinstance(value, dict):
            pairs = [[self.described(each, depth + 1) for each in pair] for pair in value.items()]
            return {"dict": pairs}
        return self._plain(value, depth) or self._object(value, depth)

    def _plain(self, value: Any, depth: int) -> Any:
        """The description of a type, a slice or a source of random numbers; None of anything else."""
        if isinstance(value, np.dtype):
            return {"dtype": np.lib.format.dtype_to_descr(value)}
        if isinstance(value, slice):
            return {"slice": [value.start, value.stop, value.step]}
        if isinstance(value, type | np.ufunc):
            return {"name": name_of(value)}
        if isinstance(value, np.random.RandomState):
            return {"random": self.described(value.get_state(legacy=False), depth + 1)}
        if isinstance(value, np.random.Generator):
            return {"generator": self.described(value.bit_generator.state, depth + 1)}
        return None

    def _items(self, value: Any, depth: int) -> Any:
        kind = type(value).__name__
        if kind not in ("list", "tuple", "set", "frozenset"):
            kind, value = "tuple", tuple(value)
        items = sorted(value) if kind in ("set", "frozenset") else value
        return {kind: [self.described(each, depth + 1) for each in items]}

    def _array(self, array: np.ndarray, depth: int) -> Any:
        if array.dtype.hasobject:
            return {"objects": [self.described(each, depth + 1) for each in array.ravel().tolist()],
                    "shape": list(array.shape)}  # fmt: skip
        if array.dtype.names:
            fields = {name: self._array(array[name], depth) for name in array.dtype.names}
            form = {"names": list(array.dtype.names), "itemsize": array.dtype.itemsize}
            form["formats"] = [array.dtype[name].str for name in array.dtype.names]
            form["offsets"] = [array.dtype.fields[name][1] for name in array.dtype.names]  # type: ignore[index]
            return {"fields": fields, "form": form, "shape": list(array.shape)}
        name = f"a{len(self.arrays)}"
        self.arrays[name] = array
        return {"array": name}

    def _object(self, value: Any, depth: int) -> Any:
        if type(value).__module__.split(".")[0] not in (PACKAGE, "scipy"):
            raise CannotBeStored(refusal(value))
        if type(value).__module__.startswith("scipy."):
            return self._sparse(value, depth)
        make, arguments, state, *rest = (*value.__reduce_ex__(4), None, None)[:5]
        if make is copyreg.__newobj__:  # type: ignore[attr-defined]
            make, arguments, made = arguments[0], arguments[1:], "new"
        else:
            made = "called"
        if any(each is not None for each in rest):
            raise CannotBeStored(refusal(value))
        return {
            made: name_of(make),
            "arguments": [self.described(each, depth + 1) for each in arguments],
            "state": self.described(state, depth + 1),
        }

    def _sparse(self, value: Any, depth: int) -> Any:
        from scipy.sparse import csr_array, issparse

        if not issparse(value):
            raise CannotBeStored(refusal(value))
        rows = csr_array(value)
        parts = [self._array(each, depth) for each in (rows.data, rows.indices, rows.indptr)]
        return {"sparse": parts, "shape": list(rows.shape), "format": value.format,
                "matrix": not type(value).__name__.endswith("_array")}  # fmt: skip
