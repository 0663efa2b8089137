from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from tasks.nl2sql.sketch import features
from tests.nl2sql.jobs import ENCODERS, dataset, read, recipe, tokenizer

CHARACTERS = ("tags", "begins", "column")
VARIANTS = {
    "all": {},
    "no marks": {"matches": False},
    "no attention": {"attention": False},
    "no counts": {"counts": False},
}


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


@cache
def data() -> Path:
    return dataset(Path(mkdtemp(prefix="podium-tests-")))


@cache
def network(encoder: str = "dgcnn", variant: str = "all", seed: int = 1):
    """A network that has begun to tell columns apart, what reads for it, and the questions."""
    from tasks.nl2sql.sketch import network as networks

    made = recipe(encoder, sketch=VARIANTS[variant])
    own = tokenizer(made, data())
    built = networks.build(made, own, seed=seed)
    drawn = np.random.default_rng(0)
    for variable in built.model.trainable_variables:  # biases and positions start at zero
        variable.assign(variable + drawn.normal(scale=0.05, size=variable.shape).astype(np.float32))
    return built.model, own, read(made, data())


def said(model, inputs) -> dict[str, np.ndarray]:
    from keras import ops

    found = model({name: ops.convert_to_tensor(value) for name, value in inputs.items()}, training=False)
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


def own_part(found: dict, row: int, example) -> dict[str, np.ndarray]:
    """What is said of one question, without padding."""
    columns, tokens = len(example.names), slice(1, 1 + example.length)
    parts = {name: found[name][row] for name in ("connector", "number")}
    parts |= {name: found[name][row, :columns] for name in ("select", "operators")}
    parts |= {name: found[name][row, tokens] for name in CHARACTERS}
    return parts | {"column": parts["column"][:, :columns]}


def assert_same(one: dict, other: dict) -> None:
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_question_alone_is_read_as_among_others(encoder, variant):
    model, own, examples = network(encoder, variant)
    together = said(model, features.inputs(examples, own))
    for row, example in enumerate(examples):
        alone = said(model, features.inputs([example], own))
        assert_same(own_part(alone, 0, example), own_part(together, row, example))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_padding_to_any_size_changes_nothing(encoder):
    model, own, examples = network(encoder)
    example = examples[0]
    inputs = features.inputs([example], own)
    wider = {name: padded(name, value, inputs) for name, value in inputs.items()}
    assert wider["pairs"].shape[1] == inputs["pairs"].shape[1] + 9
    one, other = said(model, inputs), said(model, wider)
    assert_same(own_part(one, 0, example), own_part(other, 0, example))


def padded(name: str, value: np.ndarray, inputs: dict) -> np.ndarray:
    """Nine columns and eleven tokens more than there are."""
    columns, tokens = ((0, 9), (0, 11))
    widths = {
        "pairs": ((0, 0), columns, tokens, (0, 0)),
        "columns": ((0, 0), columns, (0, 0)),
        "present": ((0, 0), columns),
        "name": ((0, 0), columns),
    }.get(name, ((0, 0), tokens))
    return np.pad(value, widths, constant_values=features.PADDING if name == "part" else 0)


def test_columns_in_another_order_are_said_the_same_of():
    model, own, examples = network("dgcnn")
    for example in examples:
        order = np.random.default_rng(3).permutation(len(example.names))
        moved = features.reorder_columns(example, order)
        one = own_part(said(model, features.inputs([example], own)), 0, example)
        other = own_part(said(model, features.inputs([moved], own)), 0, moved)
        expected = one | {name: one[name][order] for name in ("select", "operators")}
        assert_same(expected | {"column": one["column"][:, order]}, other)


def test_a_column_is_told_from_its_marks_and_not_from_its_place():
    model, own, examples = network("dgcnn")
    inputs = features.inputs([examples[0]], own)
    plain = said(model, inputs)["select"]
    marked = said(model, inputs | {"pairs": np.roll(inputs["pairs"], 1, axis=1)})["select"]
    assert np.abs(plain - marked).max() > 1e-3


def test_without_counts_all_numbers_of_conditions_are_alike():
    model, own, examples = network("dgcnn", "no counts")
    assert not said(model, features.inputs(examples, own))["number"].any()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_outputs_have_targets_and_losses(encoder):
    from tasks.nl2sql.sketch.losses import LOSSES

    model, own, examples = network(encoder)
    targets = features.targets(examples, features.padded_shape(examples, own))
    found = said(model, features.inputs(examples, own))
    assert set(found) == set(LOSSES) == set(targets)
    for name, target in targets.items():
        assert found[name].shape[: target.ndim] == target.shape


def test_equal_seeds_make_equal_networks():
    from tasks.nl2sql.sketch import network as networks

    made = recipe()
    one, same, other = (
        networks.build(made, tokenizer(made, data()), seed=seed).model.get_weights() for seed in (1, 1, 2)
    )
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))
