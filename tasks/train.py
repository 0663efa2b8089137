"""Step `train`: one fold's model, in a child process that resumes where a killed one stopped."""

import json
from typing import Any

from pydantic import BaseModel

from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.process import tell
from tasks.core.step import step
from tasks.core.store import Artifact
from tasks.core.work import in_child, read_job

LIBRARIES = (
    "albumentations",
    "backend",
    "keras",
    "numpy",
    "opencv-python-headless",
    "scikit-learn",
    "tensorflow",
)


@step(
    uses=("training",),
    libraries=LIBRARIES,
    label="train {recipe.name} fold {fold}",
    retries=2,
)
def train(
    competition: str,
    recipe: BaseModel,
    dataset: Artifact,
    folds: Artifact,
    views: list[Artifact],
    plain_views: list[Artifact],
    inputs: dict[str, Artifact],
    pseudo: Artifact | None,
    *,
    fold: int,
    seed: int,
    run: Run,
) -> Artifact:
    """Fit one fold's model; writes `model.weights.h5` and `history.json`, a row for each epoch."""
    return in_child(
        "tasks.train:child",
        "model",
        competition=competition,
        settings=recipe,
        dataset=dataset,
        folds=folds,
        fold=fold,
        views=views,
        plain_views=plain_views,
        inputs=inputs,
        pseudo=pseudo,
        seed=seed,
        run=run,
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    from tasks.learning.devices import configure
    from tasks.learning.fitting import fit

    read = read_job(job)
    configure(read.seed)
    training = find(read.competition).build(read)
    history = fit(
        training,
        read.partial,
        checkpoint_seconds=read.checkpoint_seconds,
        workers=read.data_workers,
        tell=tell,
    )
    training.model.save_weights(read.output / "model.weights.h5")
    (read.output / "history.json").write_text(json.dumps(history, indent=1), "utf-8")
