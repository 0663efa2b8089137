"""Attributions of small networks to tokens, numbers and pixels."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tasks.learning.attribution.networks import Attributor, Output
from tasks.learning.attribution.taps import taps

TOKENS = np.array([[3, 4, 5, 4]], np.int32)
BLANK = np.zeros_like(TOKENS)


def network(keras: Any, function: Callable[..., Any]) -> Any:
    """A network of tokens (b, 4), numbers (b, 2) and bytes (b, 3) whose output is a function of all three."""
    inputs = {
        "tokens": keras.Input((4,), dtype="int32", name="tokens"),
        "numbers": keras.Input((2,), name="numbers"),
        "bytes": keras.Input((3,), dtype="uint8", name="bytes"),
    }
    table = keras.layers.Embedding(6, 3, embeddings_initializer="random_normal", name="table")
    hidden = table(inputs["tokens"])
    scaled = keras.ops.cast(inputs["bytes"], "float32") / 255
    return keras.Model(inputs, {"score": function(hidden, inputs["numbers"], scaled)})


def output() -> Output:
    inputs = {
        "tokens": TOKENS,
        "numbers": np.array([[2.0, 2.0]], np.float32),
        "bytes": np.array([[255, 0, 51]], np.uint8),
    }
    blank = {"tokens": BLANK, "numbers": np.zeros((1, 2), np.float32), "bytes": np.zeros((1, 3), np.uint8)}
    return Output(inputs, blank, {})


def attributor(model: Any) -> Attributor:
    return Attributor(model, lambda outputs, choice: outputs["score"], ("tokens", "numbers", "bytes"))


def test_the_weights_of_all_inputs_add_up_to_the_difference_of_outputs(keras: Any) -> None:
    def function(hidden: Any, numbers: Any, scaled: Any) -> Any:
        product = keras.ops.sum(hidden[:, 0] * hidden[:, 2], axis=-1) * keras.ops.sum(numbers, axis=-1)
        return keras.ops.sigmoid(100 * product + keras.ops.sum(scaled, axis=-1))

    model = network(keras, function)
    by_name, found = attributor(model).attribute(output())
    expected = [float(np.asarray(model(each)["score"])[0]) for each in (output().baseline, output().inputs)]
    assert [found.baseline, found.output] == pytest.approx(expected, rel=1e-5)
    total = sum(each.sum() for each in by_name.values())
    assert total == pytest.approx(expected[1] - expected[0], rel=0.01)
    assert {name: each.shape for name, each in by_name.items()} == {
        "tokens": (1, 4),
        "numbers": (1,),
        "bytes": (1,),
    }
    assert by_name["tokens"][0, 1] == by_name["tokens"][0, 3] == 0  # which the output does not depend on


def test_symmetric_inputs_get_equal_shares_and_ignored_ones_nothing(keras: Any) -> None:
    def function(hidden: Any, numbers: Any, scaled: Any) -> Any:
        return keras.ops.tanh(keras.ops.prod(keras.ops.sum(hidden[:, 1::2], axis=-1), axis=-1) * 1e3)

    by_name, found = attributor(network(keras, function)).attribute(output())
    assert by_name["tokens"][0, 1] == pytest.approx(by_name["tokens"][0, 3], rel=1e-5)  # the same token twice
    assert by_name["tokens"][0, 0] == by_name["numbers"][0] == 0
    assert "bytes" not in by_name  # which nothing reads
    assert found.is_complete


def test_an_embedding_that_is_read_twice_is_tapped_at_each_reading(keras: Any) -> None:
    inputs = {
        name: keras.Input((4,), dtype="int32", name=name) for name in ("question", "names", "positions")
    }
    table = keras.layers.Embedding(6, 3)
    encoder = keras.Model(inner := keras.Input((4,), dtype="int32"), table(inner))
    outputs = encoder(inputs["names"]) + encoder(inputs["question"]) + encoder(inputs["positions"])
    model = keras.Model(inputs, {"score": keras.ops.sum(outputs, axis=(1, 2))})
    arrays = {"question": TOKENS, "names": TOKENS[:, ::-1], "positions": np.arange(4, dtype=np.int32)[None]}
    found = taps(model, arrays, ("question", "names"))
    assert sorted(tap.name for tap in found) == ["names", "question"]
    assert {tap.operation for tap in found} == {table}
    assert len({tap.call for tap in found}) == 2
    assert "call" not in vars(table)  # nothing of this stays in the network


def test_the_mean_of_models_has_the_mean_weights(keras: Any, tmp_path: Any) -> None:
    def function(hidden: Any, numbers: Any, scaled: Any) -> Any:
        return keras.ops.sum(hidden, axis=(1, 2))

    model = network(keras, function)
    table = model.get_layer("table")
    tables = {tmp_path / name: np.random.default_rng(n).random((6, 3)) for n, name in enumerate("ab")}
    single = []
    for folder in tables:
        table.set_weights([tables[folder]])
        single.append(attributor(model).attribute(output())[0]["tokens"])
    ((mean, found),) = attributor(model).of_models(
        [output()], list(tables), lambda folder: table.set_weights([tables[folder]])
    )
    np.testing.assert_allclose(mean["tokens"], np.mean(single, axis=0), rtol=1e-5)
    assert found.is_complete
