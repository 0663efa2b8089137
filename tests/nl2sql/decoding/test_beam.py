from itertools import product

import pytest

from tasks.nl2sql.decoding.beam import LEAST_SHARE, best, combinations, merged, pruned

SLOTS = [[(0.7, "a"), (0.3, None)], [(0.6, None), (0.3, "b"), (0.1, "c")], [(0.9, "d"), (0.1, None)]]


def all_combinations(slots):
    for ways in product(*slots):
        probability = 1.0
        for share, _ in ways:
            probability *= share
        yield probability, tuple(choice for _, choice in ways if choice is not None)


def test_combinations_are_the_best_of_all_in_falling_order():
    every = sorted(all_combinations(SLOTS), reverse=True)
    found = combinations(SLOTS, most=4)
    assert [choice for _, choice in found] == [choice for _, choice in every[:4]]
    assert [share for share, _ in found] == pytest.approx([share for share, _ in every[:4]])


def test_combinations_of_everything_sum_to_what_the_slots_sum_to():
    assert sum(share for share, _ in combinations(SLOTS, most=100)) == pytest.approx(1)


def test_no_slots_are_one_empty_combination():
    assert combinations([], most=3) == [(1.0, ())]


def test_of_equals_the_first_comes_first():
    assert best([(0.2, "c"), (0.4, "b"), (0.4, "a")], 2) == [(0.4, "b"), (0.4, "a")]


def test_what_is_far_below_the_best_is_left_out():
    assert pruned([(0.5 * LEAST_SHARE, "a"), (0.9, "b"), (0.2, "c")], 3) == [(0.9, "b"), (0.2, "c")]
    assert pruned([], 3) == []


def test_what_comes_to_the_same_adds_up():
    assert merged([(0.5, "a"), (0.2, "b"), (0.1, "A")], str.lower) == pytest.approx({"a": 0.6, "b": 0.2})
