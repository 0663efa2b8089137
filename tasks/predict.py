"""Step `predict`: one fold's scores of its held-out records and of the test records, with their ids."""

import json
from typing import Any

import numpy as np
from pydantic import BaseModel

from tasks.core.competition import Scores, find
from tasks.core.config import Run
from tasks.core.step import step
from tasks.core.store import Artifact
from tasks.core.work import in_child, read_job

LIBRARIES = ("backend", "keras", "numpy", "opencv-python-headless", "tensorflow")


@step(
    uses=("predict",),
    libraries=LIBRARIES,
    label="predict {recipe.name} fold {fold}",
    retries=2,
)
def predict(
    competition: str,
    recipe: BaseModel,
    dataset: Artifact,
    folds: Artifact,
    inputs: dict[str, Artifact],
    model: Artifact,
    *,
    fold: int,
    seed: int,
    run: Run,
) -> Artifact:
    """Write `held_out.npy` and `test.npy`, (n, heads, k) float32, and their ids as JSON lists."""
    return in_child(
        "tasks.predict:child",
        "scores",
        competition=competition,
        settings=recipe,
        dataset=dataset,
        folds=folds,
        fold=fold,
        inputs=inputs,
        model=model,
        seed=seed,
        run=run,
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    from tasks.learning.devices import configure

    read = read_job(job)
    configure(read.seed)
    held_out, test = find(read.competition).predict(read)
    for name, scores in (("held_out", held_out), ("test", test)):
        _write(read.output, name, scores)


def _write(folder: Any, name: str, scores: Scores) -> None:
    np.save(folder / f"{name}.npy", scores.values)
    (folder / f"{name}_ids.json").write_text(json.dumps(scores.ids), "utf-8")
