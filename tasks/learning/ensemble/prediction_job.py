"""Prediction in a child process: write the scores of a job's part."""

from collections.abc import Callable, Iterable

from tasks.core.competition import Scores
from tasks.core.jobs import PredictJob
from tasks.learning.ensemble import prediction_files


def write_predictions(job: PredictJob, predict: Callable[[PredictJob], Iterable[Scores]]) -> None:
    """Write what `predict` yields, as `tasks.learning.ensemble.prediction_files` does."""
    from tasks.learning.training.keras_setup import configure

    configure(job.seed)
    prediction_files.write_pieces(job.output, job.part, predict(job))
