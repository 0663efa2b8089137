import numpy as np
import pytest

from tasks.learning.folds.strata import first_of_same, strata


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([{"a"}] * 3 + [{"a", "b"}] * 2, [1, 1, 1, 0, 0]),  # the rarer names the stratum
        ([{"a"}] * 3 + [{"a", "b"}], [0, 0, 0, 0]),  # too rare: to the sentence's other predicate
        ([{"a"}] * 3 + [{"b"}, {"c"}], [0, 0, 0, 1, 1]),  # too rare and alone: one stratum of others
        ([{"a"}] * 3 + [{"b"}], [0, 0, 0, 0]),  # others too few: to the largest
        ([{"a"}] * 3 + [set()] * 2, [1, 1, 1, 0, 0]),  # without triples: their own
        ([{"a"}] * 3 + [set(), {"b"}], [0, 0, 0, 1, 1]),  # and when too few: others
        ([{"a"}] * 2 + [{"b"}] * 3 + [{"c"}], [0, 0, 1, 1, 1, 1]),  # the largest, not the first
        ([{"a", "b"}] * 2 + [{"b", "c"}] * 3, [0, 0, 1, 1, 1]),
        ([{"a"}], [0]),
        ([], []),
    ],
)
def test_strata(stated: list[set[str]], expected: list[int]) -> None:
    found = strata(stated, smallest=2)
    assert found.tolist() == expected
    assert found.dtype == np.int64


def test_no_stratum_is_smaller_than_the_most_folds() -> None:
    random = np.random.default_rng(0)
    names = [f"p{i}" for i in range(49)]
    chances = 1 / np.arange(1, 50) ** 1.5
    stated = [
        set(random.choice(names, random.integers(0, 4), p=chances / chances.sum())) for _ in range(3000)
    ]
    sizes = np.unique(strata(stated), return_counts=True)[1]
    assert sizes.min() >= 20
    assert len(sizes) > 10


def test_strata_do_not_depend_on_the_order_of_sets() -> None:
    one = strata([{"a", "b", "c"}, {"c", "b"}] * 20, smallest=20)
    other = strata([{"c", "a", "b"}, {"b", "c"}] * 20, smallest=20)
    assert one.tolist() == other.tolist()


def test_groups_are_named_by_their_first_member() -> None:
    assert first_of_same(["x", "y", "x", "z", "y"]).tolist() == [0, 1, 0, 3, 1]
    assert first_of_same([]).dtype == np.int64
