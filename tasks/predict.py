"""Step `predict`: models → scores of held-out, validation or test records, with their ids."""

from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, network_of, read_job
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
    dataset: list[Artifact],
    folds: Artifact | None,
    inputs: dict[str, list[Artifact]],
    models: list[Artifact],
    *,
    part: str,
    fold: int | None,
    beside: int | None = None,
    of: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Write the scores of a part, as `tasks.learning.ensemble.prediction_files` does.

    Args:
        dataset: the part's records and, unless they are training records, what is common to all parts.
        folds: only for held-out records.
        models: if several, they agree on scores before these become candidates.
        part: `held_out`, `validation` or `test`.
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
        part=part,
        seed=seed,
        run=run,
        **network_of(recipe),
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    from tasks.learning.ensemble import prediction_files
    from tasks.learning.training.keras_setup import configure

    predict_job = read_job(job, PredictJob)
    if predict_job.network:
        configure(predict_job.seed)
    pieces = find(predict_job.competition).predict(predict_job)
    prediction_files.write_pieces(predict_job.output, predict_job.part, pieces)
