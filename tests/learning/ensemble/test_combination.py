"""A blend's combination: the members it needs, its form as JSON, and what it makes of their values."""

import json

import numpy as np
import pytest

from tasks.learning.ensemble import stacking
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.combination import Combination, alone
from tasks.learning.ensemble.stacking import Stack

DRAWN = np.random.default_rng(0)
VALUES = {name: DRAWN.random((6, 3), np.float32) for name in "abc"}
STACK = Stack(np.array([0.7, 0.0, 1.1]), 0.3)
SHARES = {"a": 0.5, "b": 0.0, "c": 0.5}


def test_members_without_a_weight_are_not_needed():
    assert Combination(SHARES).needed() == ["a", "c"]
    assert alone(["a", "b", "c"], "b").needed() == ["b"]


def test_a_stack_needs_all_that_it_was_fitted_on_in_their_order():
    assert Combination(SHARES, STACK).needed() == ["a", "b", "c"]


def test_values_without_a_weight_are_not_read():
    found = Combination(SHARES).combine({name: VALUES[name] for name in "ac"})
    np.testing.assert_array_equal(found, ((VALUES["a"].astype(float) + VALUES["c"]) / 2).astype(np.float32))
    assert found.dtype == np.float32


def test_the_order_of_the_values_is_that_of_the_weights():
    for combination in (Combination({"a": 0.2, "b": 0.3, "c": 0.5}), Combination(SHARES, STACK)):
        backwards = {name: VALUES[name] for name in "cba"}
        np.testing.assert_array_equal(combination.combine(backwards), combination.combine(VALUES))


def test_a_single_member_is_left_to_the_bit_as_it_is():
    np.testing.assert_array_equal(alone(["a", "b"], "b").combine(VALUES), VALUES["b"])


def test_a_stack_combines_as_its_model_predicts():
    expected = stacking.predict(STACK, list(VALUES.values()))
    np.testing.assert_array_equal(Combination(SHARES, STACK).combine(VALUES), expected)


@pytest.mark.parametrize("stack", [None, STACK])
def test_candidates_of_any_member_are_candidates_of_the_blend(stack):
    members = {"a": Candidates.of([{"x": 1.0}]), "b": Candidates.of([{"y": 1.0}]), "c": Candidates.of([{}])}
    (found,) = Combination({"a": 0.75, "b": 0.25, "c": 0.0}, stack).combine(members).records()
    if stack is None:
        assert found == {"x": 0.75, "y": 0.25}
    else:
        odds = {"x": 0.3 + 0.7, "y": 0.3}
        assert found == pytest.approx({name: 1 / (1 + np.exp(-each)) for name, each in odds.items()})


@pytest.mark.parametrize("stack", [None, STACK])
def test_it_is_the_same_once_written_and_read(stack):
    combination = Combination(SHARES, stack)
    read = Combination.of_summary(json.loads(json.dumps(combination.summary())))
    assert read.summary() == combination.summary()
    np.testing.assert_array_equal(read.combine(VALUES), combination.combine(VALUES))
