"""Batches in parts give the updates of whole batches, and resume exactly."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.learning.seeds import generator
from tasks.learning.training import parts
from tasks.learning.training.checkpoints import checkpoint_files
from tasks.learning.training.loop import Batch, Training, fit
from tests.learning.trainings import Killed, digest, killed_at

STEPS, RECORDS, CLASSES = 4, 8, 3
PLAIN = (Stage(epochs=2, optimizer="sgd", learning_rate=0.1, warmup_epochs=0.5, schedule="cosine"),)
AROUND: dict[str, Any] = {"accumulate": 2, "lookahead_steps": 2, "clip_norm": 0.5, "weight_decay": 0.1}
STAGES = {
    "sgd": PLAIN,
    "adamw": (Stage(epochs=2, learning_rate=0.02, schedule="linear", warmup_epochs=1, **AROUND), *PLAIN),
    "points": (Stage(epochs=2, schedule="points", schedule_points=((0, 0.1), (1, 1), (2, 0))),),
}


def build(kind: str, *, number: int, ema: float = 0.0, weighted: bool = True) -> Training:
    """A network of two layers without dropout, on drawn records of unequal weights."""
    import keras
    from keras import layers

    from tasks.learning.training.keras_setup import configure

    keras.backend.clear_session()
    configure(0)
    inputs = {"x": keras.Input((5,), name="x")}
    hidden = layers.Dense(7, activation="tanh")(inputs["x"])
    model = keras.Model(inputs, {"main": layers.Dense(CLASSES, activation="softmax", name="main")(hidden)})

    def batch(stage: Stage, epoch: int, step: int) -> Batch:
        drawn = generator(1, epoch, step)
        x = drawn.normal(size=(RECORDS, 5)).astype(np.float32)
        y = np.eye(CLASSES, dtype=np.float32)[x[:, :CLASSES].argmax(axis=1)]
        weights = drawn.uniform(0.2, 1, RECORDS).astype(np.float32) if weighted else None
        return Batch({"x": x}, {"main": y}, weights)

    return Training(
        model=model,
        stages=STAGES[kind],
        losses={"main": "categorical_crossentropy"},
        loss_weights={"main": 1.0},
        batch=batch,
        steps_per_epoch=STEPS,
        metric=None if weighted else "main",
        ema=ema,
        parts=number,
    )


def fitted(training: Training, folder: Path) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
    rows = fit(training, folder, checkpoint_seconds=3600, workers=1, report=lambda message: None)
    return training.model.get_weights(), rows


@cache
def whole(kind: str, ema: float, weighted: bool) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
    return fitted(build(kind, number=1, ema=ema, weighted=weighted), Path("unused"))


@pytest.fixture(autouse=True)
def _there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("kind", "number", "ema", "weighted"),
    [
        ("sgd", 2, 0.0, False),
        pytest.param("adamw", 4, 0.8, True, marks=pytest.mark.slow),
        ("adamw", 3, 0.8, True),  # 8 records in 3 parts: one is filled up
        pytest.param("points", 2, 0.0, True, marks=pytest.mark.slow),
    ],
)
def test_parts_make_the_updates_of_whole_batches(keras, kind, number, ema, weighted):
    weights, rows = fitted(build(kind, number=number, ema=ema, weighted=weighted), Path("parts"))
    expected, expected_rows = whole(kind, ema, weighted)
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6)
    for row, expected_row in zip(rows, expected_rows, strict=True):
        assert row == pytest.approx(expected_row, rel=1e-5)


@pytest.mark.parametrize("kill", [5, pytest.param(STEPS * 4, marks=pytest.mark.slow)])
def test_a_training_in_parts_that_is_killed_ends_in_the_same_bytes(keras, kill):
    def run(training: Training, folder: str) -> str:
        rows = fit(training, Path(folder), checkpoint_seconds=0, workers=1, report=lambda message: None)
        return digest(training.model, rows)

    uninterrupted = run(build("adamw", number=2, ema=0.8), "whole")
    with pytest.raises(Killed):
        run(killed_at(build("adamw", number=2, ema=0.8), kill), "killed")
    assert run(build("adamw", number=2, ema=0.8), "killed") == uninterrupted


def test_parts_hold_every_record_once():
    x = np.arange(7)[:, None]
    found = parts.split({"x": x, "pair": (x, x)}, x, np.full(7, 0.5, np.float32), 3)
    assert [piece[0]["x"].ravel().tolist() for piece in found] == [[0, 1, 2], [3, 4, 5], [6, 6, 6]]
    assert found[2][0]["pair"][1].tolist() == found[2][1].tolist() == [[6], [6], [6]]
    weights = np.concatenate([np.asarray(piece[2]) for piece in found])
    np.testing.assert_allclose(weights, [9 / 7 * 0.5] * 7 + [0] * 2)


def test_one_part_is_the_batch_itself():
    batch = Batch(np.ones((3, 2)), {"main": np.ones(3)})
    assert parts.split(*batch, 1) == [tuple(batch)]


def test_arrays_without_a_row_for_each_record_are_refused():
    with pytest.raises(ValueError, match=r"a row for each record, received \[3, 4\] rows"):
        parts.split(np.ones((3, 2)), np.ones(4), None, 2)


def test_the_number_is_remembered_and_the_training_begins_anew(tmp_path):
    assert parts.remembered(tmp_path) == 1
    (tmp_path / "00000001.npz").write_bytes(b"")
    parts.remember(tmp_path, 4)
    assert parts.remembered(tmp_path) == 4
    assert checkpoint_files(tmp_path) == []
