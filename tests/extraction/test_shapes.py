import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.learning.training.padded_shapes import MOST, PaddedBatch, Shape
from tests.backends.test_trainings import installed
from tests.extraction.jobs import EVERYTHING, job, recipe, with_views
from tests.learning.fillers import assert_fillers_teach_nothing, shapes_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes, but for the one that starts a child process."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def built(method: str, folder: Path, encoder=None, **fields):
    from tasks.extraction.training import build

    settings = EVERYTHING[method] if encoder is None else {"encoder": encoder}
    made = recipe(method, **settings, **fields)
    return build(job(made, folder, fold=None, **with_views(folder, crop=0.5)))


def filled_up(method: str, folder: Path, encoder=None):
    """A training whose first batch has three sentences and two rows that fill up."""
    training = built(method, folder, encoder)
    sentences = training.batch.__self__
    planned = PaddedBatch(np.array([0, 2, 5]), Shape(tuple(sentences._sizes.max(axis=0).tolist()), 5))
    sentences.plan = lambda epoch: [planned]
    return training, planned


@pytest.mark.parametrize(("method", "encoder"), [*((name, None) for name in EVERYTHING), ("casrel", "bert")])
def test_sentences_that_fill_up_a_batch_teach_nothing(tmp_path, method, encoder):
    assert_fillers_teach_nothing(*filled_up(method, tmp_path, encoder))


@pytest.mark.parametrize("method", EVERYTHING)
def test_batches_have_few_shapes_also_with_views(tmp_path, method):
    training = built(method, tmp_path, augmentation={"views": 1, "share": 0.5, "swap": "subject"})
    first, *others = shapes_of(training, epochs=4)
    assert 1 < len(first) <= MOST
    assert all(each == first for each in others)


def test_the_records_of_a_batch_come_first_and_then_one_of_them_again(tmp_path):
    training, _ = filled_up("gplinker", tmp_path)
    batch = training.batch(Stage(), 0, 0)
    (characters,) = (value for name, value in batch.inputs.items() if name == "characters")
    assert (characters[3:] == characters[0]).all()
    assert batch.weights.tolist() == pytest.approx([5 / 3] * 3 + [0, 0])


@pytest.mark.parametrize("method", ["casrel", "gplinker"])
def test_held_out_marks_are_those_of_the_sentences_alone(tmp_path, method):
    """The figure is the same whatever fills up the batches."""
    from tasks.extraction.training import build

    made = recipe(method, **EVERYTHING[method])
    training = build(job(made, tmp_path, fold=0, **with_views(tmp_path)))
    sentences = training.batch.__self__
    found = training.evaluate(training.model)
    sentences.prediction_shapes = tuple(
        shape._replace(rows=shape.rows + 3) for shape in sentences.prediction_shapes
    )
    assert training.evaluate(training.model) == found


@pytest.mark.slow
@installed("jax")
def test_sentences_that_fill_up_a_batch_teach_nothing_under_jax(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.extraction.test_shapes import filled_up\n"
        "from tests.learning.fillers import assert_fillers_teach_nothing\n"
        "from tasks.learning.training.keras_setup import configure\n"
        "configure(0); assert_fillers_teach_nothing(*filled_up('gplinker', Path(sys.argv[1])))"
    )
    quickly = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": quickly},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
