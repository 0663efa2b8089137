"""Step `predict`: scores of held-out, validation and test records, with their ids, by one or more models."""

from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, read_job
from tasks.core.jobs import PredictJob
from tasks.core.step import step


@step(
    uses=("predict", "{method}.inference"),
    libraries=("backend",),
    label="predict {recipe.name} {of}",
    retries=2,
    ignore=("of",),
)
def predict(
    competition: str,
    recipe: BaseModel,
    dataset: Artifact,
    folds: Artifact,
    inputs: dict[str, Artifact],
    models: list[Artifact],
    *,
    parts: list[str],
    fold: int | None,
    beside: int | None = None,
    of: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Write each part's scores (`tasks.learning.ensemble.prediction_files`); several models agree on scores first.

    Args:
        fold: whose records are `held_out`.
        beside: a second fold that the models have not seen, and that nothing else may tell them of.
        of: what it is called in logs and reports.
    """
    return in_child(
        "tasks.predict:child",
        "scores",
        PredictJob,
        competition=competition,
        settings=recipe,
        dataset=dataset,
        folds=folds,
        fold=fold,
        beside=beside,
        inputs=inputs,
        models=models,
        parts=parts,
        seed=seed,
        run=run,
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    from tasks.learning.ensemble import prediction_files
    from tasks.learning.training.keras_setup import configure

    read = read_job(job, PredictJob)
    configure(read.seed)
    prediction_files.write_pieces(read.output, find(read.competition).predict(read))
