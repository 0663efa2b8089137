import numpy as np
import pytest

from tasks.learning.ensemble.stacking import Stack, fit, out_of_fold, predict

RECORDS, CLASSES = 3000, 4


def classes(*hints: float, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Members' probabilities, each by its own evidence, and the truth drawn of all evidence together."""
    random = np.random.default_rng(seed)
    logs = [random.normal(0, 1, (RECORDS, CLASSES)) for _ in hints]
    together = sum(hint * each for hint, each in zip(hints, logs, strict=True)) + random.gumbel(
        size=(RECORDS, CLASSES)
    )
    probabilities = [np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in logs]
    return [each.astype(np.float32) for each in probabilities], together.argmax(axis=1)


def candidates(*hints: float, bias: float, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    random = np.random.default_rng(seed)
    scores = [random.random(RECORDS, np.float32) for _ in hints]
    odds = bias + sum(hint * each for hint, each in zip(hints, scores, strict=True))
    return scores, random.random(RECORDS) < 1 / (1 + np.exp(-odds))


def test_weights_of_classes_are_found():
    stack = fit(*classes(1.5, 0.5))
    np.testing.assert_allclose(stack.weights, [1.5, 0.5], atol=0.15)
    assert stack.bias == 0


def test_weights_of_candidates_are_found():
    stack = fit(*candidates(4.0, 1.0, bias=-2.0))
    np.testing.assert_allclose([*stack.weights, stack.bias], [4.0, 1.0, -2.0], atol=0.5)


def test_no_weight_is_negative():
    weights = fit(*classes(1.0, -1.0)).weights
    assert weights[1] == 0
    assert weights[0] > 0.5


@pytest.mark.parametrize(
    "made", [classes(1.5, 0.5), candidates(4.0, 1.0, bias=-2.0)], ids=["classes", "candidates"]
)
def test_what_is_said_of_a_fold_does_not_rest_on_its_own_targets(made):
    scores, targets = made
    folds = np.arange(RECORDS) % 3
    before = out_of_fold(scores, targets, folds)
    changed = targets.copy()
    changed[folds == 1] = targets[folds == 1][::-1]
    after = out_of_fold(scores, changed, folds)
    np.testing.assert_array_equal(after[folds == 1], before[folds == 1])
    assert not np.array_equal(after[folds != 1], before[folds != 1])


def test_many_members_of_noise_stay_at_chance():
    random = np.random.default_rng(0)
    scores = [random.random((400, CLASSES), np.float32) for _ in range(40)]
    targets = random.integers(0, CLASSES, 400)
    folds = np.arange(400) % 5
    own = predict(fit(scores, targets), scores).argmax(axis=1) == targets
    honest = out_of_fold(scores, targets, folds).argmax(axis=1) == targets
    assert own.mean() > 0.33
    assert abs(honest.mean() - 1 / CLASSES) < 0.075


def test_probabilities_are_float32_and_sum_to_one():
    scores, targets = classes(1.0, 1.0)
    probabilities = predict(fit(scores, targets), scores)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_zeros_and_huge_odds_stay_numbers():
    certain = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    stack = Stack(np.array([1e4]), 0.0)
    np.testing.assert_array_equal(predict(stack, [certain]), certain)
    np.testing.assert_array_equal(predict(Stack(np.array([1e6]), -5e5), [certain[0]]), [1.0, 0.0])
