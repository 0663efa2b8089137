from functools import cache

import numpy as np
import pytest

from tasks.nl2sql.baseline.inputs import inputs, padded_shape, sizes_of, targets
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.labels import IGNORED
from tests.nl2sql.jobs import ENCODERS, read, recipe, shared, tokenizer

LONG = {**ENCODERS, "dgcnn": {**ENCODERS["dgcnn"], "longest": 100}}
"""Long enough for questions and headers together."""


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


@cache
def network(kind: str):
    """A network whose biases are not zero, what reads for it, and the questions."""
    from tasks.nl2sql.baseline.network import build

    made = recipe(LONG[kind], method="baseline", baseline={"match_width": 8})
    own = tokenizer(made, shared())
    built, drawn = build(made, own, seed=1), np.random.default_rng(0)
    for variable in built.model.trainable_variables:
        variable.assign(variable + drawn.normal(scale=0.05, size=variable.shape).astype(np.float32))
    return built.model, own, read(made, shared())


def outputs(model, arrays) -> dict[str, np.ndarray]:
    from keras import ops

    found = model({name: ops.convert_to_tensor(value) for name, value in arrays.items()}, training=False)
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


def own_part(found: dict, row: int, example) -> dict[str, np.ndarray]:
    """The outputs for one question, without padding."""
    columns, letters = len(example.names), slice(1, 1 + example.length)
    return {
        "connector": found["connector"][row],
        "select": found["select"][row, :columns],
        "tags": found["tags"][row, letters],
        "column": found["column"][row, letters, :columns],
    }


def assert_same(one: dict, other: dict) -> None:
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("kind", LONG)
def test_a_question_alone_is_read_as_among_others_and_with_any_padding(kind):
    model, own, examples = network(kind)
    together = outputs(model, inputs(examples, own))
    for row, example in enumerate(examples):
        size = padded_shape([example], own)
        wider = size._replace(columns=size.columns + 3, sequence=102)
        alone = outputs(model, inputs([example], own, wider))
        assert_same(own_part(alone, 0, example), own_part(together, row, example))


def test_every_header_is_read_from_its_own_token():
    model, own, examples = network("bert")
    example = next(each for each in examples if len(each.names) > 3)
    arrays = inputs([example], own)
    before = outputs(model, arrays)
    moved = dict(arrays, headers=np.where(arrays["headers"] == 2, 0, arrays["headers"]))
    after = outputs(model, moved)
    changed = np.abs(after["select"] - before["select"]).max(axis=-1)[0] > 1e-5
    assert changed.tolist() == [column == 1 for column in range(len(example.names))]
    np.testing.assert_allclose(after["tags"], before["tags"], atol=1e-6)


def test_columns_that_a_table_does_not_have_are_never_matched():
    model, own, examples = network("bert")
    found = outputs(model, inputs(examples, own))
    for row, example in enumerate(examples):
        assert (found["column"][row, :, len(example.names) :] < -1e8).all()


def test_headers_far_from_the_question_know_it():
    """With convolutions, by the layer of attention behind them."""
    model, own, examples = network("dgcnn")
    example = max(examples, key=lambda each: sizes_of(each, own).sequence)
    arrays = inputs([example], own)
    other = {name: value.copy() for name, value in arrays.items()}
    other["characters"][0, 1] = own.characters.special[1]
    columns = len(example.names)
    one, changed = (outputs(model, each)["select"][0, :columns] for each in (arrays, other))
    assert (np.abs(one - changed).max(axis=-1) > 1e-6).all()


def test_a_loss_is_the_mean_over_what_a_question_has():
    from keras import ops

    from tasks.nl2sql.baseline.losses import LOSSES

    model, own, examples = network("bert")
    size = padded_shape(examples, own)
    found, wanted = outputs(model, inputs(examples, own, size)), targets(examples, size)
    assert found.keys() == wanted.keys() == LOSSES.keys()
    for name in ("select", "tags", "column"):
        logits = found[name].astype(np.float64)
        logits -= np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        for row in range(len(examples)):
            labelled = np.flatnonzero(wanted[name][row] != IGNORED)
            expected = -np.mean([logits[row, place, wanted[name][row, place]] for place in labelled])
            loss = LOSSES[name](
                *(ops.convert_to_tensor(each[row : row + 1]) for each in (wanted[name], found[name]))
            )
            np.testing.assert_allclose(float(loss[0]), expected, rtol=1e-4)
    nothing = np.full((1, 4), IGNORED, np.int32)
    assert float(LOSSES["column"](nothing, np.zeros((1, 4, 3), np.float32))[0]) == 0


def test_moved_columns_move_their_outputs_targets():
    _, own, examples = network("bert")
    example = next(each for each in examples if (each.labels.columns >= 0).any())
    order = np.arange(len(example.names))[::-1]
    moved = features.reorder_columns(example, order)
    one, other = (targets([each], padded_shape([each], own)) for each in (example, moved))
    assert other["select"][0].tolist() == one["select"][0][order].tolist()
