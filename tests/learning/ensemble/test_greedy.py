import numpy as np
import pytest

from tasks.learning.ensemble.greedy import average, greedy_weights
from tasks.learning.ensemble.members import best_head_share, blend_heads

TRUTH = np.array([0, 0, 1, 1])


def accuracy(scores: np.ndarray) -> float:
    return float((scores.argmax(axis=1) == TRUTH).mean())


def member(*right: float) -> np.ndarray:
    """Scores of two classes; each number is the share given to the true class."""
    share = np.array(right)
    return np.stack([np.where(TRUTH == 0, share, 1 - share), np.where(TRUTH == 1, share, 1 - share)], axis=1)


def weights_of(*members: np.ndarray, rounds: int = 10, bags: int = 4, seed: int = 0) -> list[float]:
    return greedy_weights(members, accuracy, rounds=rounds, bags=bags, seed=seed).tolist()


def test_complementary_members_share_equally():
    assert weights_of(member(0.9, 0.9, 0.4, 0.4), member(0.4, 0.4, 0.9, 0.9)) == [0.5, 0.5]


def test_a_dominated_member_gets_nothing():
    assert weights_of(member(0.9, 0.9, 0.9, 0.4), member(0.1, 0.1, 0.1, 0.1)) == [1.0, 0.0]


def test_a_single_member_has_all_the_weight():
    assert weights_of(member(0.1, 0.1, 0.9, 0.9)) == [1.0]


def test_equal_members_leave_the_weight_with_the_first():
    assert weights_of(member(0.9, 0.9, 0.9, 0.9), member(0.9, 0.9, 0.9, 0.9)) == [1.0, 0.0]


@pytest.mark.parametrize("seed", range(20))
def test_the_blend_is_never_worse_than_the_best_member(seed):
    random = np.random.default_rng(seed)
    members = [random.random((4, 2)) for _ in range(int(random.integers(2, 7)))]
    weights = greedy_weights(members, accuracy, rounds=6, bags=5, seed=seed)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert accuracy(average(members, weights)) >= max(map(accuracy, members))


def test_weights_depend_on_the_seed_only_through_the_bags():
    random = np.random.default_rng(1)
    members = [random.random((4, 2)) for _ in range(5)]
    assert weights_of(*members, seed=3) == weights_of(*members, seed=3)


def test_average_is_the_weighted_mean_of_any_shape():
    values = average([np.full((2, 3, 4), 1.0), np.full((2, 3, 4), 5.0)], np.array([0.75, 0.25]))
    np.testing.assert_array_equal(values, np.full((2, 3, 4), 2.0))


def test_the_best_share_of_two_heads_is_the_one_nearest_to_the_first():
    right, wrong = member(0.9, 0.9, 0.9, 0.9), member(0.1, 0.1, 0.1, 0.1)
    assert best_head_share(np.stack([right, wrong], axis=1), accuracy) == 1.0
    assert best_head_share(np.stack([wrong, right], axis=1), accuracy) == pytest.approx(0.49)
    assert best_head_share(right[:, None], accuracy) == 1.0


def test_heads_are_mixed_by_the_share_and_one_head_is_left_as_it_is():
    scores = np.array([[[1.0, 0.0], [0.0, 1.0]]], np.float32)
    np.testing.assert_allclose(blend_heads(scores, 0.75), [[0.75, 0.25]])
    np.testing.assert_array_equal(blend_heads(scores[:, :1], 0.3), scores[:, 0])
