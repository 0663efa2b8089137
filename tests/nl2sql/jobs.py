"""Jobs on the datasets of `tests.nl2sql.written`, without the steps, for tests of training and predicting."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from tasks.core.dataset import Dataset
from tasks.nl2sql import dataset as files
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch.features import SketchExample
from tasks.text import dataset_files
from tasks.text.tokenization import Tokenizer
from tests.jobs import make_job
from tests.nl2sql.written import dataset as written

FOLD_OF = {"houses": 0, "land": 1, "table_0": 2}
ENCODERS: dict[str, dict[str, Any]] = {
    "dgcnn": {"longest": 48, "dgcnn": {"width": 8, "dilations": [1, 2], "minimum_count": 1}},
    "bert": {
        "kind": "bert",
        "longest": 100,
        "bert": {"layers": 1, "width": 16, "heads": 2, "minimum_count": 1},
    },
}
CUT: dict[str, dict[str, Any]] = {kind: {**settings, "longest": 16} for kind, settings in ENCODERS.items()}
"""Encoders that read so little of a question that all questions have one shape."""
STAGE = {"epochs": 1, "optimizer": "adam", "learning_rate": 0.01, "schedule": "constant"}


def dataset(folder: Path) -> Path:
    """The small dataset with folds by table."""
    made = written(folder)
    folds = [FOLD_OF[question.table] for question in files.questions(made, "train")]
    np.save(made / "folds.npy", np.array(folds))
    return made


@cache
def shared() -> Path:
    """The small dataset with folds, made once, for tests that only read it."""
    return dataset(Path(mkdtemp(prefix="podium-tests-")))


def recipe(encoder: Any = "dgcnn", **fields: Any) -> Recipe:
    """A tiny recipe; `encoder` is a name in `ENCODERS` or settings, `training` needs only differences."""
    training = {"batch_questions": 2, "stages": [STAGE], **fields.pop("training", {})}
    encoder = ENCODERS[encoder] if isinstance(encoder, str) else encoder
    return Recipe.model_validate({"encoder": encoder, "training": training, **fields})


def job(made: Any, folder: Path, *, fold: int | None = 0, data: Dataset | None = None, **fields: Any) -> Any:
    """A job on a dataset, else on that in `folder / "dataset"`, which is made if it is absent."""
    if data is None:
        data = folder / "dataset"
        if not data.exists():
            dataset(folder)
    output = fields.pop("output", folder / "output")
    output.mkdir(exist_ok=True, parents=True)
    settings = made.model_dump(mode="json") if isinstance(made, Recipe) else made
    places = {
        "dataset": data,
        "folds": data if isinstance(data, Path) else None,
        "output": output,
        "partial": folder / "partial",
    }
    given = {"settings": settings, "seed": 1, "data_workers": 2, **places, **fields}
    return make_job(competition="nl2sql", fold=fold, **given)


def tokenizer(made: Recipe, data: Path) -> Tokenizer:
    return Tokenizer(made.encoder, partial(dataset_files.characters, data))


def read(made: Recipe, data: Path) -> list[SketchExample]:
    """The labelled training questions as examples of a sketch network."""
    from tasks.nl2sql.sketch.training_questions import labelled

    questions, tables = files.questions(data, "train"), files.tables(data, "train")
    return labelled(questions, tables, longest=made.encoder.longest)


@contextmanager
def step_by_step(really: bool = True) -> Iterator[None]:
    """Without graphs, which take ten times longer to make than so little trainings take without."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(really)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
