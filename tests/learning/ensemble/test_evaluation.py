from typing import Any

import numpy as np
import pytest

from tasks.core.competition import Score
from tasks.learning.ensemble.evaluation import Evaluator

RECORDS = 4000
DRAWN = np.random.default_rng(0)
TRUTH = DRAWN.integers(0, 2, RECORDS)


class Share:
    """Share of right classes, or of wrong ones, where less is better."""

    def __init__(self, *, higher_is_better: bool = True) -> None:
        self.higher_is_better = higher_is_better

    def __call__(self, values: Any, rows: Any = None, *, decision: Any = None) -> Score:
        assert decision == {"made on": RECORDS}
        right = values.argmax(axis=1) == (TRUTH if rows is None else TRUTH[rows])
        value = float(right.mean() if self.higher_is_better else 1 - right.mean())
        return Score("share", value, 0.0, self.higher_is_better)

    def decide(self, values: Any) -> dict[str, Any]:
        return {"made on": len(values)}

    def targets(self, values: Any) -> np.ndarray:
        return TRUTH


def values_of(right: np.ndarray) -> np.ndarray:
    """(n, 2) values that put all on the truth where they are right, and nothing where they are not."""
    values: np.ndarray = np.eye(2)[np.where(right, TRUTH, 1 - TRUTH)]
    return values


@pytest.fixture
def members() -> list[np.ndarray]:
    """Right in four of five; the second is wrong besides in some that are the first's alone."""
    right = DRAWN.random(RECORDS) < 0.8
    return [values_of(right), values_of(right & (DRAWN.random(RECORDS) < 0.95))]


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_a_gain_is_the_paired_difference_with_its_standard_error(members, higher_is_better):
    evaluator = Evaluator(Share(higher_is_better=higher_is_better))
    one, two = map(evaluator.evaluate, members)
    difference = evaluator.difference(members[0], one, members[1], two)
    right = [each.argmax(axis=1) == TRUTH for each in members]
    differences = right[0].astype(float) - right[1]
    assert difference.value == pytest.approx(differences.mean())
    assert difference.standard_error == pytest.approx(differences.std() / RECORDS**0.5, rel=0.3)
    assert (
        difference.standard_error < 0.6 * (2 * 0.8 * 0.2 / RECORDS) ** 0.5
    )  # of two that were not compared in pairs
    assert one.score.signed > two.score.signed


def test_there_is_no_difference_from_oneself(members):
    evaluator = Evaluator(Share())
    one = evaluator.evaluate(members[0])
    assert evaluator.difference(members[0], one, members[0], one) == (0.0, 0.0)
