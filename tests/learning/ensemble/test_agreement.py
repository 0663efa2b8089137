from itertools import combinations
from typing import Any

import numpy as np
import pytest

from tasks.learning.ensemble.agreement import agreements
from tasks.learning.ensemble.candidates import Candidates


def of_classes(*members: list[int]) -> list[np.ndarray]:
    """Scores of members that answer with these classes, of which there are four."""
    return [np.eye(4, dtype=np.float32)[classes] * 0.5 + 0.1 for classes in members]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (([0, 1, 2], [0, 1, 2]), 1.0),
        (([0, 1, 2], [1, 2, 0]), 0.0),
        (([0, 1, 2, 3], [0, 1, 2, 0]), 0.75),
        (([0, 1], [0, 1], [0, 2]), (1 + 1 / 3) / 2),
        (([0], [1], [2]), 0.0),
    ],
)
def test_the_share_of_equal_classes(members: Any, expected: float) -> None:
    assert agreements([of_classes(*members)]).share == pytest.approx(expected)


@pytest.mark.parametrize("count", [2, 3, 7, 40])
def test_it_is_the_mean_of_all_pairs(count: int) -> None:
    random = np.random.default_rng(count)
    members = [random.random((50, 3)) for _ in range(count)]
    answers = [each.argmax(1) for each in members]
    pairs = [(one == other).mean() for one, other in combinations(answers, 2)]
    assert agreements([members]).share == pytest.approx(np.mean(pairs))


def test_candidates_agree_where_the_best_is_the_same() -> None:
    one = Candidates.of([{"a": 0.9, "b": 0.2}, {"a": 0.4, "b": 0.5}, {"c": 0.1}, {}])
    other = Candidates.of([{"b": 0.1, "a": 0.3}, {"a": 0.6, "b": 0.5}, {"c": 0.9, "d": 0.2}, {}])
    assert agreements([[one, other]]).share == 0.75


def test_a_record_without_candidates_agrees_with_none_that_has_some() -> None:
    assert agreements([[Candidates.of([{}, {"a": 0.5}]), Candidates.of([{"a": 0.5}, {}])]]).share == 0.0


def test_of_equally_good_candidates_the_order_decides_nothing() -> None:
    assert (
        agreements([[Candidates.of([{"a": 0.5, "b": 0.5}]), Candidates.of([{"b": 0.5, "a": 0.5}])]]).share
        == 1.0
    )


def test_equal_keys_of_different_records_are_different_answers() -> None:
    one, other = Candidates.of([{"a": 1.0}, {"b": 1.0}]), Candidates.of([{"b": 1.0}, {"a": 1.0}])
    assert agreements([[one, other]]).share == 0.0


@pytest.mark.parametrize("members", [[], of_classes([0, 1]), [np.zeros((0, 2))] * 3])
def test_without_pairs_or_records_there_is_none(members: Any) -> None:
    assert agreements([members]).share is None


def test_a_member_that_answers_otherwise_is_told_from_those_that_agree() -> None:
    found = agreements([of_classes([0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 3, 2])])
    assert found.share == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert [found.of(member) for member in range(3)] == [0.75, 0.75, 0.5]
    assert [found.without(member) for member in range(3)] == [0.5, 0.5, 1.0]


def test_two_members_have_no_other_pair() -> None:
    found = agreements([of_classes([0, 1], [0, 2])])
    assert (found.of(0), found.of(1), found.without(0), found.without(1)) == (0.5, 0.5, None, None)


def test_pieces_count_by_their_records() -> None:
    pieces = [of_classes([0, 1], [0, 1]), of_classes([2], [3]), [np.zeros((0, 4))] * 2, of_classes([3], [3])]
    assert agreements(each for each in pieces).share == 0.75
    assert agreements([]).share is None


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (of_classes([0, 1], [0]), "member 2: expected 2 records, received 1"),
        ([np.zeros((3, 2, 4))], r"expected scores \(n, k\), received \(3, 2, 4\)"),
    ],
)
def test_values_of_another_form_are_an_error(members: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        agreements([members])
