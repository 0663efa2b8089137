"""Step `predict`: models → scores of held-out, validation and test records, with their ids."""

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
    """Write the scores of each part, as `tasks.learning.ensemble.prediction_files` does.

    Args:
        models: if several, they agree on scores before these become candidates.
        parts: `held_out`, `validation` and `test`, or some of them.
        fold: the fold whose records are `held_out`; None: no fold's are.
        beside: a second held-out fold, about which no other input may contain anything.
        of: what the prediction is called in logs and reports.
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

    predict_job = read_job(job, PredictJob)
    configure(predict_job.seed)
    pieces = find(predict_job.competition).predict(predict_job)
    prediction_files.write_pieces(predict_job.output, pieces)
