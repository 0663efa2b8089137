import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extraction.jobs import EVERYTHING, dataset, job, main, recipe, with_views
from tests.learning.trainings import Killed, killed_at, run

ROOT = Path(__file__).resolve().parents[2]
STAGES = [
    {"epochs": 2, "optimizer": "adam", "learning_rate": 0.01, "warmup_epochs": 1, "clip_norm": 5.0},
    {"epochs": 1, "optimizer": "adam", "learning_rate": 0.001, "schedule": "constant"},
]


def built(made, folder, **fields):
    """A fresh training, as a child process would build it."""
    import keras

    from tasks.extraction.training import build
    from tasks.learning.training.keras_setup import configure

    keras.backend.clear_session()
    configure(0)
    return build(job(made, folder, **fields))


def resumed(made, folder, *kills: int, **fields) -> tuple[str, str]:
    """Digests of a training that nothing interrupts, and of one that is killed at these steps."""
    dataset(folder / "data")
    whole = run(built(made, folder, **fields), folder / "whole", seconds=3600)
    for step in kills:
        with pytest.raises(Killed):
            run(killed_at(built(made, folder, **fields), step), folder / "killed")
    return whole, run(built(made, folder, **fields), folder / "killed")


def test_a_killed_training_ends_in_the_same_bytes_as_another(tmp_path):
    made = recipe("gplinker", training={"stages": STAGES[:1], "ema": 0.9}, floor=0.95)
    whole, again = resumed(made, tmp_path, 4)
    assert whole == again


@pytest.mark.slow
@pytest.mark.parametrize("kills", [(2, 3), (8,), (9,)])
def test_a_killed_training_of_pointers_ends_in_the_same_bytes(tmp_path, kills):
    whole, again = resumed(recipe("gplinker", training={"stages": STAGES, "ema": 0.9}), tmp_path, *kills)
    assert whole == again


@pytest.mark.slow
@pytest.mark.parametrize("kills", [(1,), (3, 4), (8,)])
def test_a_killed_training_of_the_probability_graph_ends_in_the_same_bytes(tmp_path, kills):
    made = recipe(
        "pointer",
        **EVERYTHING["pointer"] | {"training": {"stages": STAGES, "subjects": 2, "ema": 0.5}},
        augmentation={"views": 1, "swap": "subject"},
    )
    whole, again = resumed(made, tmp_path, *kills, **with_views(tmp_path))
    assert whole == again


@pytest.mark.slow
def test_a_killed_training_of_a_transformer_ends_in_the_same_bytes(tmp_path):
    whole, again = resumed(recipe("casrel", "bert", training={"stages": STAGES}), tmp_path, 2, 5)
    assert whole == again


CHILD = "import sys; from tests.extraction.jobs import main; main(*sys.argv[1:])"


@pytest.mark.slow
@pytest.mark.parametrize(("method", "encoder"), [("pointer", "dgcnn"), ("gplinker", "bert")])
def test_trainings_in_two_processes_end_in_the_same_bytes(tmp_path, method, encoder, capsys):
    made = recipe(method, encoder).model_dump(mode="json")
    dataset(tmp_path / "data")
    main(json.dumps(made), str(tmp_path))
    here = capsys.readouterr().out.splitlines()[-1].split()
    for file in (tmp_path / "partial").glob("*"):
        file.unlink()
    there = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(made), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.splitlines()[-1].split() == here
