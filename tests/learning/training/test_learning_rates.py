import math

import pytest

from tasks.core.config import Stage
from tasks.learning.training.learning_rates import learning_rate


def rates(stage: Stage, steps: list[int], *, steps_per_epoch: int = 10) -> list[float]:
    schedule = learning_rate(stage, steps_per_epoch=steps_per_epoch)
    return [float(schedule(step)) for step in steps]


def test_a_constant_rate_without_warmup_is_a_number(keras):
    stage = Stage(schedule="constant", learning_rate=0.3)
    assert learning_rate(stage, steps_per_epoch=10) == 0.3


def test_a_constant_rate_rises_linearly_and_stays(keras):
    stage = Stage(epochs=3, schedule="constant", learning_rate=0.4, warmup_epochs=1)
    assert rates(stage, [0, 1, 5, 10, 29]) == pytest.approx([0, 0.04, 0.2, 0.4, 0.4])


def test_a_cosine_starts_at_the_peak_and_ends_at_zero(keras):
    stage = Stage(epochs=2, schedule="cosine", learning_rate=0.4)
    expected = [0.2 * (1 + math.cos(math.pi * step / 20)) for step in (0, 5, 10, 20)]
    assert rates(stage, [0, 5, 10, 20]) == pytest.approx(expected, abs=1e-7)


def test_a_cosine_follows_its_warmup(keras):
    stage = Stage(epochs=3, schedule="cosine", learning_rate=0.4, warmup_epochs=1)
    assert rates(stage, [0, 5, 10, 20, 30]) == pytest.approx([0, 0.2, 0.4, 0.2, 0], abs=1e-7)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_a_warmup_longer_than_the_stage_leaves_one_step_at_the_peak(keras, schedule):
    stage = Stage(epochs=1, schedule=schedule, learning_rate=0.9, warmup_epochs=5)
    assert rates(stage, [0, 9]) == pytest.approx([0, 0.9])


def test_a_linear_rate_falls_from_the_peak_to_its_end(keras):
    stage = Stage(epochs=2, schedule="linear", learning_rate=0.4)
    assert rates(stage, [0, 5, 10, 20, 25]) == pytest.approx([0.4, 0.3, 0.2, 0, 0], abs=1e-7)
    stage = Stage(epochs=2, schedule="linear", learning_rate=0.4, end_factor=0.5)
    assert rates(stage, [0, 5, 10, 20, 25]) == pytest.approx([0.4, 0.35, 0.3, 0.2, 0.2], abs=1e-7)


def test_a_linear_rate_follows_its_warmup(keras):
    stage = Stage(epochs=2, schedule="linear", learning_rate=5.0, warmup_epochs=1, end_factor=0.2)
    assert rates(stage, [0, 1, 5, 10, 15, 20]) == pytest.approx([0, 0.5, 2.5, 5, 3, 1], abs=1e-6)


def test_a_cosine_ends_at_its_share_of_the_peak(keras):
    stage = Stage(epochs=3, schedule="cosine", learning_rate=0.4, warmup_epochs=1, end_factor=0.25)
    assert rates(stage, [5, 10, 20, 30]) == pytest.approx([0.2, 0.4, 0.25, 0.1], abs=1e-7)


def test_points_are_joined_by_straight_lines(keras):
    points = ((0.5, 0.0), (1.5, 1.0), (2.0, 0.1))
    stage = Stage(epochs=4, schedule="points", learning_rate=2.0, schedule_points=points)
    expected = [0, 0, 0.2, 1, 2, 1.64, 0.2, 0.2]
    assert rates(stage, [0, 5, 6, 10, 15, 16, 20, 39]) == pytest.approx(expected, abs=1e-6)


def test_one_point_is_a_constant_rate(keras):
    stage = Stage(schedule="points", learning_rate=2.0, schedule_points=((1, 0.5),))
    assert rates(stage, [0, 10, 20]) == [1, 1, 1]


def test_a_schedule_is_the_same_inside_a_compiled_function(keras):
    import tensorflow as tf

    stage = Stage(epochs=2, schedule="linear", learning_rate=5.0, warmup_epochs=1, end_factor=0.2)
    schedule = tf.function(learning_rate(stage, steps_per_epoch=10).__call__)
    found = [float(schedule(tf.constant(step, tf.int64))) for step in range(20)]
    assert found == pytest.approx(rates(stage, list(range(20))))
