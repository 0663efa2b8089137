"""A training that leaves the numbers ends at once, says where and why, and stores nothing."""

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.learning.training import divergence
from tasks.learning.training.checkpoints import checkpoint_files, newest
from tasks.learning.training.divergence import Diverged
from tests.learning.trainings import STEPS, build, run

STAGES = (
    Stage(epochs=2, optimizer="adam", learning_rate=0.05, schedule="constant"),
    Stage(epochs=2, optimizer="sgd", learning_rate=0.3, clip_norm=2.0, warmup_epochs=1),
)


@pytest.fixture(autouse=True)
def _ready(keras, monkeypatch):
    monkeypatch.setattr(divergence, "LOOK_SECONDS", 0.0)


def poisoned(*, epoch: int, step: int, value: float):
    """A training in which one batch has a value that is no number."""
    training = build(STAGES)

    def batch(stage, at_epoch, at_step):
        made = training.batch(stage, at_epoch, at_step)
        if (at_epoch, at_step) == (epoch, step):
            made.inputs[0, 0] = value
        return made

    return training._replace(batch=batch)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("epoch", "step", "rate"),
    [
        (0, 0, "0.05 with adam, no clip_norm"),
        (1, 2, "0.05 with adam"),
        (2, 1, "0.3 with sgd, clip_norm 2, 1 epochs"),
    ],
)
def test_a_loss_that_is_no_number_names_epoch_step_and_cause(tmp_path, epoch, step, rate, value):
    with pytest.raises(Diverged) as caught:
        run(poisoned(epoch=epoch, step=step, value=value), tmp_path)
    told = str(caught.value)
    assert told.startswith(f"training, epoch {epoch + 1}, by step {step + 1} of {STEPS}: expected numbers")
    assert f"the likely cause is the learning rate ({rate}" in told


@pytest.mark.parametrize(("factor", "explodes"), [(1e9, True), (1e3, False)])
def test_a_loss_that_explodes_names_the_epoch_and_the_first_loss(tmp_path, factor, explodes):
    training = build(STAGES)

    def batch(stage, epoch, step):
        made = training.batch(stage, epoch, step)
        return made._replace(weights=np.full(8, factor if epoch == 2 else 1.0, np.float32))

    weighted = training._replace(batch=batch)
    if not explodes:
        run(weighted, tmp_path)
        return
    told = r"training, epoch 3: expected a loss that falls, received \S+e\+\d\d after \d\S* in the first"
    with pytest.raises(Diverged, match=told):
        run(weighted, tmp_path)
    assert len(newest(tmp_path).position.history) < 3
    with pytest.raises(Diverged, match=told):  # and again when it resumes
        run(weighted, tmp_path)


def test_no_checkpoint_holds_what_is_no_number(tmp_path):
    with pytest.raises(Diverged):
        run(poisoned(epoch=2, step=1, value=np.nan), tmp_path)
    assert checkpoint_files(tmp_path)
    checkpoint = newest(tmp_path)
    assert all(np.isfinite(array).all() for array in (*checkpoint.model, *checkpoint.optimizer))
    with pytest.raises(Diverged, match="training, epoch 3, by step 2"):  # and again when it resumes
        run(poisoned(epoch=2, step=1, value=np.nan), tmp_path)


def test_weights_that_the_last_step_spoils_are_found(tmp_path):
    training = build(STAGES)

    class Spoiling(training.make_step):
        taken = 0

        def __call__(self, *batch):
            super().__call__(*batch)
            Spoiling.taken += 1
            if Spoiling.taken == STEPS * 4:
                weight = training.model.trainable_variables[0]
                weight.assign(np.full(weight.shape, np.nan, np.float32))

    plain = training._replace(make_step=Spoiling, evaluate=lambda model: {})
    with pytest.raises(
        Diverged, match=r"training, epoch 4: expected numbers, received nan as weights of block1"
    ):
        run(plain, tmp_path)


def test_a_figure_that_is_no_number_ends_the_training(tmp_path):
    training = build(STAGES)._replace(evaluate=lambda model: {"held_out_f1": float("nan")})
    with pytest.raises(Diverged, match="training, epoch 1: expected numbers, received nan as held_out_f1"):
        run(training, tmp_path)


def test_a_look_each_second_changes_no_bytes(tmp_path, monkeypatch):
    often = run(build(STAGES), tmp_path / "often")
    monkeypatch.setattr(divergence, "LOOK_SECONDS", 3600.0)
    assert run(build(STAGES), tmp_path / "never") == often
