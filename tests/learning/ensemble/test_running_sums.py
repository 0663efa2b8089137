import numpy as np
import pytest

from tasks.learning.ensemble.greedy import (
    ClassSum,
    MemberClasses,
    RunningSum,
    ValueSum,
    greedy_weights,
)

RECORDS, CLASSES = 300, 7
DRAWN = np.random.default_rng(0)
TRUTH = DRAWN.integers(0, CLASSES, RECORDS)


def of_classes(classes: np.ndarray) -> float:
    return float((classes == TRUTH).mean())


def metric(scores: np.ndarray) -> float:
    return of_classes(scores.argmax(axis=1))


def drawn(count: int, *, seed: int, kind: str) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    scores = (
        random.random((count, RECORDS, CLASSES), np.float32) + np.eye(CLASSES, dtype=np.float32)[TRUTH] / 3
    )
    if kind == "probabilities":
        scores = scores**8 / (scores**8).sum(axis=-1, keepdims=True)
    if kind == "of any sign":
        scores = np.log(scores) * 100
    if kind == "all but even":
        scores = np.round(scores, 1)  # sums often tie
    return list(scores)


KINDS = ["of any size", "probabilities", "of any sign"]


def both(members: list[np.ndarray]) -> tuple[RunningSum, RunningSum]:
    classes = MemberClasses(members, of_classes)
    return ValueSum(members, metric), ClassSum(classes, range(len(members)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_what_an_addition_would_score_is_the_same_by_classes_and_by_values(kind, seed):
    slow, fast = both(drawn(6, seed=seed, kind=kind))
    random = np.random.default_rng(seed)
    for _ in range(25):
        np.testing.assert_array_equal(slow.scores_with_each(), fast.scores_with_each())
        pick = int(random.integers(0, 6))
        slow.add(pick)
        fast.add(pick)


def test_scores_that_tie_differ_by_rounding_alone():
    slow, fast = both(drawn(6, seed=0, kind="all but even"))
    for pick in (0, 1, 2, 3, 4, 5, 0, 1):
        np.testing.assert_allclose(slow.scores_with_each(), fast.scores_with_each(), atol=3 / RECORDS)
        slow.add(pick)
        fast.add(pick)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [3, 12])
def test_the_fast_way_finds_the_same_weights(kind, count):
    members = drawn(count, seed=4, kind=kind)
    options = {"rounds": 12, "bags": 3, "seed": 1}
    slow = greedy_weights(members, metric, **options)
    np.testing.assert_array_equal(greedy_weights(members, metric, of_classes=of_classes, **options), slow)
    assert np.count_nonzero(slow) > 1


def test_members_are_left_as_they_were():
    members = drawn(4, seed=0, kind="of any size")
    before = [member.copy() for member in members]
    greedy_weights(members, metric, of_classes=of_classes, rounds=5, bags=1, seed=0)
    for member, copy in zip(members, before, strict=True):
        np.testing.assert_array_equal(member, copy)
