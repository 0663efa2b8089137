import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.learning.training.checkpoints import checkpoint_files
from tasks.learning.training.loop import Batch, averaged, fit
from tests.learning.trainings import STEPS, Killed, build, killed_at, run

THREE = (
    Stage(epochs=2, trainable="head", optimizer="adam", learning_rate=0.05, schedule="constant"),
    Stage(epochs=2, optimizer="sgd", learning_rate=0.05, warmup_epochs=1, layer_decay=0.5),
    Stage(epochs=1, optimizer="sgd", learning_rate=0.02, plain=True, keep_optimizer=True),
)
TOTAL = STEPS * sum(stage.epochs for stage in THREE)


@pytest.fixture(autouse=True)
def _ready(keras):
    """Every test here trains."""


@cache
def uninterrupted(ema: float = 0.0, mixup: bool = False) -> str:
    """Digest of a training that nothing interrupts."""
    with tempfile.TemporaryDirectory() as folder:
        return run(build(THREE, ema=ema, mixup=mixup), Path(folder), seconds=3600)


def interrupted(folder: Path, *kills: int, stages: tuple[Stage, ...] = THREE, **options) -> list[str]:
    """Fit to each kill (steps since the last one) and then to the end; all that was told, last the digest."""
    told: list[str] = []
    for step in kills:
        with pytest.raises(Killed):
            run(killed_at(build(stages, **options), step), folder, told=told)
    told.append(run(build(stages, **options), folder, told=told))
    return told


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"ema": 0.8}, {"mixup": True}, {"ema": 0.8, "mixup": True}], ids=str)
def test_a_training_killed_anywhere_ends_in_the_same_bytes(tmp_path, options):
    whole = uninterrupted(**options)
    for kill in random.Random(str(options)).sample(range(1, TOTAL), 2):
        assert interrupted(tmp_path / str(kill), kill, **options)[-1] == whole, kill


@pytest.mark.slow
@pytest.mark.parametrize("kill", [2 * STEPS, 4 * STEPS, 4 * STEPS + 1])
def test_a_kill_at_a_stage_boundary_keeps_momenta_and_averages(tmp_path, kill):
    whole = uninterrupted(ema=0.8)
    assert interrupted(tmp_path / "killed", kill, ema=0.8)[-1] == whole


def test_a_training_killed_twice_ends_in_the_same_bytes(tmp_path):
    whole = uninterrupted(ema=0.8, mixup=True)
    told = interrupted(tmp_path / "killed", 5, 7, ema=0.8, mixup=True)
    assert told[-1] == whole
    assert sum(line.startswith("resumes") for line in told) == 2


@pytest.mark.slow
def test_no_step_is_taken_twice_when_each_is_kept(tmp_path):
    told = interrupted(tmp_path, 4, 5)
    assert [line for line in told if line.startswith("resumes")] == [
        "resumes at stage 1, step 4",
        "resumes at stage 2, step 3",
    ]
    assert sum(line.startswith("epoch") for line in told) == sum(stage.epochs for stage in THREE)


@pytest.mark.slow
def test_a_finished_training_is_not_trained_again(tmp_path):
    whole = run(build(THREE, ema=0.8), tmp_path)
    assert run(killed_at(build(THREE, ema=0.8), 0), tmp_path) == whole


@pytest.mark.slow
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path):
    whole = uninterrupted()
    with pytest.raises(Killed):
        run(killed_at(build(THREE), 8), tmp_path / "killed")
    newest = checkpoint_files(tmp_path / "killed")[-1]
    newest.write_bytes(newest.read_bytes()[:-200])
    told: list[str] = []
    assert run(build(THREE), tmp_path / "killed", told=told) == whole
    assert told[0] == "resumes at stage 2, step 1"


@pytest.mark.slow
def test_a_training_whose_checkpoints_are_all_damaged_starts_anew(tmp_path):
    whole = uninterrupted()
    with pytest.raises(Killed):
        run(killed_at(build(THREE), 8), tmp_path / "killed")
    for file in checkpoint_files(tmp_path / "killed"):
        file.write_bytes(b"")
    told: list[str] = []
    assert run(build(THREE), tmp_path / "killed", told=told) == whole
    assert told[0].startswith("epoch 1 of")


def test_rows_tell_stage_epoch_figures_and_rate(tmp_path):
    training = build(THREE)
    rows = fit(training, tmp_path, checkpoint_seconds=3600, workers=2, report=lambda message: None)
    assert checkpoint_files(tmp_path) == []  # none is due before its interval
    assert [(row["stage"], row["epoch"]) for row in rows] == [(1, 1), (1, 2), (2, 3), (2, 4), (3, 5)]
    assert set(rows[0]) == {"stage", "epoch", "loss", "accuracy", "held_out_loss", "learning_rate"}
    assert [row["learning_rate"] for row in rows[:3]] == pytest.approx([0.05, 0.05, 0.05])
    assert rows[-1]["learning_rate"] == pytest.approx(0, abs=1e-9)


def test_the_loss_of_an_epoch_is_the_mean_of_its_batches(tmp_path):
    training = build((Stage(epochs=1, schedule="constant", learning_rate=1e-9, trainable="head"),))
    outputs = []
    training = training._replace(batch=lambda stage, epoch, step: ones(step, outputs))
    row = fit(training, tmp_path, checkpoint_seconds=99, workers=1, report=lambda message: None)[0]
    assert 0 <= row["accuracy"] <= 1
    assert row["loss"] > 0
    assert sorted(outputs) == list(range(STEPS))


def ones(step: int, seen: list[int]) -> Batch:
    seen.append(step)
    return Batch(np.ones((8, 6), np.float32), {"main": np.eye(4, dtype=np.float32)[np.arange(8) % 4]})


def test_records_of_weight_zero_teach_nothing(tmp_path):
    stages = (Stage(epochs=1, trainable="head", optimizer="sgd", schedule="constant"),)
    training = build(stages)
    head = training.model.get_layer("main")
    before = [np.array(weight) for weight in head.get_weights()]
    batch = training.batch
    weightless = training._replace(
        batch=lambda *place: batch(*place)._replace(weights=np.zeros(8, np.float32))
    )
    fit(weightless, tmp_path, checkpoint_seconds=99, workers=1, report=lambda message: None)
    for old, new in zip(before, head.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_a_stage_freezes_stays(tmp_path):
    training = build(THREE[:1])
    layer = training.model.get_layer("block1_dense")
    before = layer.get_weights()
    run(training, tmp_path)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_average_is_in_place_inside_the_block_only(tmp_path):
    training = build((Stage(epochs=1, optimizer="sgd", learning_rate=0.1, schedule="constant"),), ema=0.9)
    run(training, tmp_path)
    variables, optimizer = training.model.trainable_variables, training.model.optimizer
    own = [np.array(variable) + 1 for variable in variables]
    for variable, value in zip(variables, own, strict=True):
        variable.assign(value)
    with averaged(training, optimizer):
        assert any(np.abs(np.array(v) - value).max() > 0.5 for v, value in zip(variables, own, strict=True))
    for variable, value in zip(variables, own, strict=True):
        np.testing.assert_array_equal(np.array(variable), value)


CHILD = """
import os, signal, sys
from pathlib import Path
from tests.learning.training.test_loop import THREE
from tests.learning.trainings import build, killed_at, run, Killed
try:
    print(run(killed_at(build(THREE, ema=0.8), int(sys.argv[2])), Path(sys.argv[1])))
except Killed:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_process_killed_with_9_is_gone_on_with_in_another(tmp_path):
    whole = uninterrupted(ema=0.8)
    assert child(tmp_path / "killed", 7).returncode == -signal.SIGKILL
    assert run(build(THREE, ema=0.8), tmp_path / "killed") == whole


def child(folder: Path, steps: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(folder), json.dumps(steps)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
    root = Path(__file__).parents[3]
    return subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
