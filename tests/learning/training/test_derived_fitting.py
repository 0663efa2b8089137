"""Trainings with Lookahead, accumulation and averages, interrupted and not."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.learning.training.optimizers import make_optimizer
from tests.learning.trainings import STEPS, Killed, build, killed_at, run

AROUND: dict[str, Any] = {"accumulate": 2, "lookahead_steps": 2, "clip_norm": 1.0, "learning_rate": 0.05}
TWO = (
    Stage(epochs=3, trainable="head", schedule="linear", **AROUND),
    Stage(epochs=3, layer_decay=0.5, weight_decay=0.1, keep_optimizer=True, **AROUND),
)


@cache
def uninterrupted(ema: float) -> str:
    """Digest of a training that nothing interrupts."""
    with tempfile.TemporaryDirectory() as folder:
        return run(build(TWO, ema=ema), Path(folder), seconds=3600)


@pytest.mark.parametrize(
    ("kill", "ema"),
    [
        (5, 0.8),  # between two batches of an update, between two updates of Lookahead
        pytest.param(3 * STEPS, 0.8, marks=pytest.mark.slow),  # between the stages
        pytest.param(3 * STEPS + 4, 0.8, marks=pytest.mark.slow),
        pytest.param(3 * STEPS + 3, 0.0, marks=pytest.mark.slow),
    ],
)
def test_a_training_killed_anywhere_ends_in_the_same_bytes(tmp_path, kill, ema):
    whole = uninterrupted(ema)
    with pytest.raises(Killed):
        run(killed_at(build(TWO, ema=ema), kill), tmp_path)
    told: list[str] = []
    assert run(build(TWO, ema=ema), tmp_path, told=told) == whole
    assert told[0].startswith("resumes")


@pytest.mark.parametrize("around", [{}, {"accumulate": 3, "lookahead_steps": 2}])
def test_a_stage_that_keeps_the_optimizer_goes_on_with_its_momenta(tmp_path, around):
    first = Stage(epochs=2, optimizer="sgd", learning_rate=0.05, schedule="constant", **around)
    digests = {
        run(build((first, first.model_copy(update={"keep_optimizer": keep}))), tmp_path / str(keep))
        for keep in (False, True)
    }
    assert len(digests) == 2


def test_lookahead_alone_changes_a_training(tmp_path):
    stage = Stage(epochs=2, optimizer="sgd", learning_rate=0.05, schedule="constant")
    ahead = stage.model_copy(update={"lookahead_steps": 2})
    assert run(build((stage,)), tmp_path / "a") != run(build((ahead,)), tmp_path / "b")


def test_accumulated_batches_are_the_batch_they_make(keras):
    x, y = np.random.default_rng(0).normal(size=(2, 4, 8, 3)).astype(np.float32)
    found = []
    for parts in (1, 2):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="ones")])
        stage = Stage(schedule="constant", learning_rate=0.01, accumulate=parts)
        model.compile(
            make_optimizer(stage, steps_per_epoch=1, factors={}, ema=0.0), loss="mse", jit_compile=False
        )
        for batch, truth in zip(x.reshape(4 * parts, -1, 3), y.reshape(4 * parts, -1, 3), strict=True):
            model.train_on_batch(batch, truth)
        found.append(model.get_weights())
    for whole, parted in zip(*found, strict=True):
        assert parted == pytest.approx(whole, abs=1e-6)
