"""Weights of half the size."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from flows.bundling.rounded_weights import round_to_half
from tasks.core.errors import InvalidSettings


def test_a_network_loads_rounded_weights(tmp_path: Path) -> None:
    import keras

    def network() -> keras.Model:
        inputs = keras.Input((4,))
        x = keras.layers.BatchNormalization()(keras.layers.Dense(3000)(inputs))
        return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dropout(0.5)(x)))

    file = tmp_path / "model.weights.h5"
    model = network()
    model.save_weights(file)
    size = file.stat().st_size
    round_to_half(file)
    other = network()
    other.load_weights(file)
    assert file.stat().st_size < 0.75 * size
    for one, two in zip(model.weights, other.weights, strict=True):
        assert two.dtype == one.dtype
        rounded = np.asarray(one).astype(np.float16) if one.dtype == "float32" else np.asarray(one)
        assert np.array_equal(np.asarray(two), rounded.astype(one.dtype))


def test_numbers_that_half_precision_lacks_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.weights.h5"
    with h5py.File(file, "w") as weights:
        weights.create_dataset("layers/dense/vars/0", data=np.array([1.0, 70_000.0], np.float32))
    with pytest.raises(InvalidSettings, match=r"received 70000 in layers/dense/vars/0"):
        round_to_half(file)
    with h5py.File(file) as weights:
        assert weights["layers/dense/vars/0"][1] == 70_000
    assert [path.name for path in tmp_path.iterdir()] == ["model.weights.h5"]
