"""Trainings that keep the weights of their best epoch and stop when patience is over, killed and not."""

from pathlib import Path
from typing import Any

import pytest

from tasks.core.config import Stage
from tasks.learning.training.loop import Training, fit
from tests.learning.trainings import STEPS, Killed, build, digest, killed_at

COURSE = {0.05: (0.2, 0.6, 0.5, 0.6), 0.01: (0.9, 0.1, 0.3)}
"""Figures of successive epochs by a stage's learning rate; each stage ends early, as its patience is two."""
SETTINGS: dict[str, Any] = {"optimizer": "sgd", "schedule": "constant", "keep_best": True, "patience": 2}
STAGES = tuple(Stage(epochs=6, learning_rate=rate, **SETTINGS) for rate in COURSE)


@pytest.fixture(autouse=True)
def _ready(keras):
    """Every test here trains."""


def course(seen: dict[float, str], *, ema: float) -> Training:
    """A training whose epochs have the figures of `COURSE`; `seen` gets the weights by figure."""

    def evaluate(model: Any) -> dict[str, float]:
        rate, epoch = float(model.optimizer.learning_rate), int(model.optimizer.iterations) // STEPS
        figure = COURSE[round(rate, 3)][epoch - 1]
        seen.setdefault(figure, weights(model))
        return {"held_out_figure": figure}

    return build(STAGES, ema=ema)._replace(evaluate=evaluate)


def weights(model: Any) -> str:
    return digest(Only(model.weights), [])


class Only:
    """A model as far as `digest` reads it."""

    def __init__(self, variables: list[Any]) -> None:
        self.variables = variables


def run(training: Training, folder: Path, told: list[str], *, seconds: float = 0.0) -> str:
    def report(message: Any) -> None:
        told.append(message if isinstance(message, str) else message.text())

    history = fit(training, folder, checkpoint_seconds=seconds, workers=1, report=report)
    assert [row["held_out_figure"] for row in history] == [*COURSE[0.05], *COURSE[0.01]]
    return digest(training.model, history)


@pytest.mark.parametrize("ema", [0.0, 0.8])
def test_a_training_ends_with_the_weights_of_its_best_epoch(tmp_path, ema):
    seen: dict[float, str] = {}
    training, told = course(seen, ema=ema), list[str]()
    run(training, tmp_path, told, seconds=3600)
    assert weights(training.model) == seen[0.9]
    assert "stage 1 ends: 2 epochs brought nothing better" in told
    assert "stage 1 keeps the weights of epoch 2, 0.6000" in told
    assert "stage 2 keeps the weights of epoch 5, 0.9000" in told


@pytest.mark.parametrize(
    "kill",
    [4 * STEPS, *(pytest.param(kill, marks=pytest.mark.slow) for kill in (3 * STEPS + 1, 5 * STEPS + 1))],
)
def test_a_killed_training_keeps_the_same_weights(tmp_path, kill):
    whole = run(course({}, ema=0.8), tmp_path / "whole", [], seconds=3600)
    with pytest.raises(Killed):
        run(killed_at(course({}, ema=0.8), kill), tmp_path / "killed", [])
    told: list[str] = []
    assert run(course({}, ema=0.8), tmp_path / "killed", told) == whole
    assert told[0].startswith("resumes")
