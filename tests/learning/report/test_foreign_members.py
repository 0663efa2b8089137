"""Members from files whose out-of-fold scores come from models that have seen the records."""

from typing import Any

import numpy as np
import pytest

from tasks.core.competition import Score
from tasks.learning.ensemble.agreement import Agreements, agreements
from tasks.learning.report.foreign_members import MemberDescription, leak_warnings

CLASSES, RIGHT = 10, 0.85


def answers(truth: np.ndarray, hard: np.ndarray, seed: int, right: float) -> np.ndarray:
    """Scores of a member that is right on this share, and errs on hard records first, as others do."""
    random = np.random.default_rng(seed)
    difficulty = 0.6 * hard + 0.4 * random.random(len(truth))
    errs = difficulty > np.quantile(difficulty, right)
    wrong = (truth + random.integers(1, CLASSES, len(truth))) % CLASSES
    return np.eye(CLASSES)[np.where(errs, wrong, truth)]


def described(*scores: float, foreign: int = 0) -> dict[str, MemberDescription]:
    return {
        f"m{number}": MemberDescription(Score("accuracy", score, 0.01), number == foreign)
        for number, score in enumerate(scores)
    }


def both(
    others: int, *, seen: bool, count: int = 4000, shift: float = 0.0, seed: int = 0
) -> tuple[dict[str, MemberDescription], Agreements, Agreements]:
    """Members and their agreements; the first is from files. Test records are harder by `shift`."""
    random = np.random.default_rng(seed)
    found = []
    for part, loss in (("train", 0.0), ("test", shift)):
        truth, hard = random.integers(0, CLASSES, count), random.random(count)
        right = [0.99 if seen and part == "train" else RIGHT - loss, *[RIGHT - loss] * others]
        values = [answers(truth, hard, 10 * seed + number, each) for number, each in enumerate(right)]
        found.append(agreements([values]))
    scores = [0.99 if seen else RIGHT + 0.001, *[RIGHT] * others]
    return described(*scores), *found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("others", [1, 2, 5])
def test_a_member_that_has_seen_the_training_records_is_warned_of(others: int, seed: int) -> None:
    (warning,) = leak_warnings(*both(others, seen=True, seed=seed))
    assert warning.startswith("The other members agree with m0, which was added from files, on 8")
    assert ("; the others agree with each other on" in warning) == (others > 1)
    assert "models that have seen the records" in warning


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("others", [1, 2, 5])
def test_an_honest_member_is_not(others: int, seed: int) -> None:
    assert leak_warnings(*both(others, seen=False, seed=seed)) == []


@pytest.mark.parametrize("seed", range(20))
def test_test_records_that_are_harder_for_all_are_no_sign(seed: int) -> None:
    assert leak_warnings(*both(3, seen=False, shift=0.15, seed=seed)) == []


def test_few_test_records_tell_nothing() -> None:
    assert leak_warnings(*both(2, seen=True, count=40)) == []


@pytest.mark.parametrize("scores", [(0.99, 0.995, 0.85), (0.85, 0.99, 0.85)])
def test_only_the_best_member_and_only_one_from_files_is_looked_at(scores: Any) -> None:
    _, out_of_fold, test = both(2, seen=True)
    assert leak_warnings(described(*scores), out_of_fold, test) == []
    assert leak_warnings(described(0.99, 0.85, 0.85, foreign=1), out_of_fold, test) == []


def test_without_other_members_or_records_there_is_no_warning() -> None:
    alone = agreements([[np.eye(3)]])
    assert leak_warnings(described(0.9), alone, alone) == []
    assert leak_warnings({}, Agreements(0, []), Agreements(0, [])) == []
    assert leak_warnings(described(0.9), Agreements(0, [0]), Agreements(0, [0])) == []
    assert leak_warnings(described(0.9, 0.8), Agreements(0, [0, 0]), Agreements(0, [0, 0])) == []
