import numpy as np
import pytest

from tasks.learning.training.keras_setup import configure
from tests.learning.references import (
    Adam,
    Lookahead,
    Sgd,
    constant,
    course,
    optimizer_of,
    state,
    variables,
    walk,
)

START = [1.0, -2.0]
GRADIENTS = [[1.0, -0.5], [0.25, 3.0], [-1.5, 0.5], [2.0, 2.0], [0.5, -1.0]]
TWO = {"lookahead_steps": 2, "lookahead_share": 0.5}
near_to = {"abs": 1e-6, "rel": 1e-6}


@pytest.fixture(autouse=True, scope="module")
def _ready():
    configure(0)


def sgd() -> Lookahead:
    return Lookahead(Sgd(START), steps=2, share=0.5)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_every_second_update_goes_half_the_way_back(name):
    rule = {"sgd": Sgd, "adam": Adam}[name](START)
    optimizer = optimizer_of(constant(optimizer=name, **TWO))
    (found,) = walk(optimizer, variables(kernel=START), GRADIENTS)
    assert found == pytest.approx(course(Lookahead(rule, steps=2, share=0.5), GRADIENTS), **near_to)
    assert state(optimizer, "slow") == pytest.approx(found[3], **near_to)


def test_by_hand():
    optimizer = optimizer_of(constant(optimizer="sgd", learning_rate=0.1, momentum=0.0, **TWO))
    (found,) = walk(optimizer, variables(kernel=[1.0]), [[1.0]] * 5)
    # 1 → .9 → .8, back to .9; .8 → .7, back to .8; .7
    assert found[:, 0] == pytest.approx([0.9, 0.9, 0.8, 0.8, 0.7])


def test_a_training_ends_with_the_slow_weights():
    optimizer, learned = optimizer_of(constant(optimizer="sgd", **TWO)), variables(kernel=START)
    walk(optimizer, learned, GRADIENTS)
    optimizer.finalize_variable_values(learned)
    assert learned[0].numpy() == pytest.approx(course(sgd(), GRADIENTS)[3], **near_to)


def test_a_training_without_updates_ends_where_it_began():
    optimizer, learned = optimizer_of(constant(accumulate=9, **TWO)), variables(kernel=START)
    walk(optimizer, learned, GRADIENTS)
    optimizer.finalize_variable_values(learned)
    assert learned[0].numpy().tolist() == START


def test_slow_weights_start_where_the_weights_are_at_the_first_update():
    optimizer, learned = optimizer_of(constant(optimizer="sgd", **TWO)), variables(kernel=[9.0, 9.0])
    optimizer.build(learned)
    learned[0].assign(np.array(START, np.float32))
    for variable in optimizer.variables:
        if variable.path.endswith("slow"):
            variable.assign(np.array([7.0, 7.0], np.float32))  # as handed on by an earlier stage
    (found,) = walk(optimizer, learned, GRADIENTS)
    assert found == pytest.approx(course(sgd(), GRADIENTS), **near_to)


def test_the_average_follows_the_weights_after_they_went_back():
    optimizer, learned = optimizer_of(constant(optimizer="sgd", **TWO), ema=0.75), variables(kernel=START)
    walk(optimizer, learned, GRADIENTS)
    average, *others = course(sgd(), GRADIENTS)
    for value in others:
        average = 0.75 * average + 0.25 * value
    optimizer.finalize_variable_values(learned)
    assert learned[0].numpy() == pytest.approx(average, **near_to)


@pytest.mark.parametrize("ema", [0.0, 0.75])
def test_updates_are_counted_and_not_batches(ema):
    optimizer = optimizer_of(constant(optimizer="sgd", accumulate=2, **TWO), ema=ema)
    doubled = [gradient for gradient in GRADIENTS for _ in range(2)]
    learned = variables(kernel=START)
    (found,) = walk(optimizer, learned, doubled)
    expected = course(sgd(), GRADIENTS)
    assert found[1::2] == pytest.approx(expected, **near_to)
    assert (found[2::2] == found[1:-1:2]).all()
    if ema:
        average = expected[0]
        for value in expected[1:]:
            average = 0.75 * average + 0.25 * value
        assert state(optimizer, "average") == pytest.approx(average, **near_to)
