"""The mean of weights is exact, keeps what is no weight, and is refused for models that are not alike."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.learning.ensemble.mean_weights import difference, variables, write_mean


def network(keras: Any, *, units: int = 3, seed: int) -> Any:
    """Two layers, statistics, and a whole number, all with values drawn by the seed."""

    class Counting(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)

        def call(self, inputs: Any) -> Any:
            return inputs

    inputs = keras.Input((2,), name="inputs")
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(units)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(Counting()(hidden)))
    random = np.random.default_rng(seed)
    for variable in model.weights:
        variable.assign(seed + 7 if variable.dtype == "int32" else random.normal(size=variable.shape))
    return model


def written(model: Any, folder: Path, **files: str) -> Path:
    """The model as a training writes it, with further files."""
    folder.mkdir()
    model.save_weights(folder / "model.weights.h5")
    (folder / "history.json").write_text(json.dumps([{"epoch": 1, "loss": float(len(folder.name))}]))
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text)
    return folder


def models(keras: Any, count: int, tmp_path: Path) -> tuple[list[Any], list[Path]]:
    built = [network(keras, seed=seed) for seed in range(count)]
    return built, [written(each, tmp_path / f"model{seed}", words="[1]") for seed, each in enumerate(built)]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "mean").mkdir()
    return tmp_path / "mean"


def test_the_mean_of_float_variables_is_exact_and_integers_are_those_of_the_first(keras, tmp_path, output):
    built, folders = models(keras, 3, tmp_path)
    write_mean(folders, output)
    loaded = network(keras, seed=9)
    loaded.load_weights(output / "model.weights.h5")
    for number, variable in enumerate(loaded.variables):
        values = [np.asarray(model.variables[number]) for model in built]
        exact = np.mean(np.asarray(values, np.float64), axis=0).astype(values[0].dtype)
        np.testing.assert_array_equal(np.asarray(variable), 7 if variable.dtype == "int32" else exact)
    assert [variable.dtype for variable in loaded.variables].count("int32") == 1


def test_a_mean_of_equal_models_is_that_model(keras, tmp_path, output):
    (model,), (folder,) = models(keras, 1, tmp_path)
    write_mean([folder] * 3, output)
    loaded = network(keras, seed=9)
    loaded.load_weights(output / "model.weights.h5")
    for expected, received in zip(model.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(received), np.asarray(expected))


def test_what_lies_beside_the_weights_stays_and_what_belongs_to_a_training_does_not(keras, tmp_path, output):
    import h5py

    built, folders = models(keras, 2, tmp_path)
    for model, folder in zip(built, folders, strict=True):
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
        model.save_weights(folder / "model.weights.h5")
    write_mean(folders, output)
    assert {path.name for path in output.iterdir()} == {"model.weights.h5", "history.json", "words.json"}
    assert (output / "words.json").read_text() == "[1]"
    assert json.loads((output / "history.json").read_text()) == []
    with (
        h5py.File(folders[0] / "model.weights.h5") as before,
        h5py.File(output / "model.weights.h5") as after,
    ):
        assert set(before) - set(after) == {"optimizer"}
    assert variables(output) == variables(folders[0])


def test_equal_models_have_a_mean_of_equal_bytes(keras, tmp_path, output):
    _, folders = models(keras, 2, tmp_path)
    write_mean(folders, output)
    (tmp_path / "again").mkdir()
    write_mean(folders, tmp_path / "again")
    files = [folder / "model.weights.h5" for folder in (output, tmp_path / "again")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_models_of_other_architectures_are_refused_with_the_first_difference(keras, tmp_path, output):
    first = written(network(keras, seed=0), tmp_path / "narrow")
    other = written(network(keras, seed=0, units=4), tmp_path / "wide")
    text = difference(first, other)
    assert text == "weight layers/batch_normalization/vars/0: expected float32 (3,), received float32 (4,)"
    with pytest.raises(ValueError, match=r"wide: expected a model like .*narrow; weight layers/batch_norm"):
        write_mean([first, other], output)
    assert difference(first, first) is None


def test_a_weight_that_only_one_of_them_has_is_a_difference(keras, tmp_path):
    inputs = keras.Input((2,))
    bare = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    first, other = written(network(keras, seed=0), tmp_path / "full"), written(bare, tmp_path / "bare")
    assert (
        difference(first, other)
        == "weight layers/batch_normalization/vars/0: expected float32 (3,), received none"
    )


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"words": "[2]"}, r"file words\.json: expected contents \w{8}, received contents \w{8}"),
        ({}, r"file words\.json: expected contents \w{8}, received none"),
        ({"words": "[1]", "known": "[]"}, r"file known\.json: expected none, received contents \w{8}"),
    ],
)
def test_models_that_know_other_training_records_are_refused(keras, tmp_path, files, text):
    model = network(keras, seed=0)
    first = written(model, tmp_path / "first", words="[1]")
    second = written(model, tmp_path / "second", **files)
    assert re.fullmatch(text, difference(first, second) or "")
