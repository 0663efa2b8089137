import math

import pytest

from tasks.core.config import Stage
from tasks.learning.schedules import learning_rate


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


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_warmup_longer_than_the_stage_leaves_one_step_at_the_peak(keras, schedule):
    stage = Stage(epochs=1, schedule=schedule, learning_rate=0.9, warmup_epochs=5)
    assert rates(stage, [0, 9]) == pytest.approx([0, 0.9])
