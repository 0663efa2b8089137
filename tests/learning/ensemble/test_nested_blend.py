"""Weights chosen on other folds are mixed into the records of each, in the records' order."""

import numpy as np

from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.members import nested_blend

FOLDS = np.array([1, 0, 2, 0, 1])
OTHERS = {0: [0, 2, 4], 1: [1, 2, 3], 2: [0, 1, 3, 4]}


def first_of_even_folds(seen: list[list[int]]):
    """All weight to the first member for the folds 0 and 2, to the second for fold 1."""

    def choose(values, rows: np.ndarray) -> np.ndarray:
        seen.append(rows.tolist())
        assert all(len(member) == len(rows) for member in values)
        return np.array([0.0, 1.0]) if rows.tolist() == OTHERS[1] else np.array([1.0, 0.0])

    return choose


def test_each_fold_is_mixed_by_what_the_others_chose() -> None:
    seen: list[list[int]] = []
    ones = np.arange(10, dtype=np.float32).reshape(5, 2)
    mixed = nested_blend([ones, -ones], FOLDS, first_of_even_folds(seen))
    assert seen == [OTHERS[0], OTHERS[1], OTHERS[2]]
    expected = np.where((FOLDS == 1)[:, None], -ones, ones)
    np.testing.assert_array_equal(mixed, expected)
    assert mixed.dtype == np.float32


def test_candidates_of_each_record_keep_their_place() -> None:
    def member(score: float) -> Candidates:
        return Candidates.of([{f"answer {row}": score + row / 10} for row in range(5)])

    mixed = nested_blend([member(0.1), member(0.5)], FOLDS, first_of_even_folds([]))
    given = [{f"answer {row}": (0.5 if fold == 1 else 0.1) + row / 10} for row, fold in enumerate(FOLDS)]
    assert len(mixed) == 5
    np.testing.assert_allclose(mixed.scores, Candidates.of(given).scores, rtol=1e-6)
