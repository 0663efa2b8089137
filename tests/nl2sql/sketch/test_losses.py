import numpy as np
import pytest

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def loss(name, targets, logits):
    from keras import ops

    from tasks.nl2sql.sketch.losses import LOSSES

    found = LOSSES[name](ops.convert_to_tensor(targets), ops.convert_to_tensor(np.float32(logits)))
    return ops.convert_to_numpy(found)


def entropy(target: int, logits) -> float:
    return float(np.log(np.exp(np.float64(logits)).sum()) - logits[target])


@pytest.mark.parametrize("name", ["connector", "number"])
def test_a_class_of_the_question_costs_its_cross_entropy(name):
    logits = RANDOM.normal(size=(2, 3))
    expected = [entropy(2, logits[0]), entropy(0, logits[1])]
    np.testing.assert_allclose(loss(name, np.array([2, 0]), logits), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["select", "tags", "column"])
def test_classes_are_summed_over_a_question_and_padding_costs_nothing(name):
    logits = RANDOM.normal(size=(1, 3, 4))
    expected = entropy(1, logits[0, 0]) + entropy(3, logits[0, 2])
    np.testing.assert_allclose(loss(name, np.array([[1, -1, 3]]), logits), [expected], rtol=1e-5)


def test_shares_cost_their_part_of_the_cross_entropy():
    logits = RANDOM.normal(size=(1, 2, 5))
    targets = np.float32([[[0.5, 0.5, 0, 0, 0], [-1] * 5]])
    expected = (entropy(0, logits[0, 0]) + entropy(1, logits[0, 0])) / 2
    np.testing.assert_allclose(loss("operators", targets, logits), [expected], rtol=1e-5)


def test_flags_cost_binary_cross_entropy_even_when_they_are_sure():
    logits = np.array([[2.0, -1.0, 80.0, 5.0]])
    expected = np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0)) + 80.0
    np.testing.assert_allclose(loss("begins", np.array([[1, 0, 0, -1]]), logits), [expected], rtol=1e-5)


def test_columns_that_a_table_does_not_have_cost_nothing():
    logits = np.array([[[0.3, -0.2, -1e9]]])
    np.testing.assert_allclose(loss("column", np.array([[0]]), logits), [entropy(0, [0.3, -0.2])], rtol=1e-5)
