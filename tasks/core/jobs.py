"""What a child process is given: one job type for each kind of step that works in a child process.

`tasks.core.dispatch.in_child` writes a job as JSON, the child reads it with `tasks.core.dispatch.read_job`.
Artifacts arrive as the folders they lie in.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict


class Job(BaseModel):
    """The fields that all jobs share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    competition: str
    settings: dict[str, Any]
    """Parts of a recipe, as the step was given them."""
    dataset: Path
    """Folder of the dataset that `load` has written."""
    seed: int
    output: Path
    """Folder for the result; exists, is empty."""
    partial: Path
    """Folder for checkpoints; a later attempt of the same step finds them there."""
    data_workers: int = 1
    """Threads that make batches."""
    checkpoint_seconds: float = 30


class AugmentJob(Job):
    """Write one augmented view of the training records."""

    folds: Path
    view: int = 0
    """Number of the view; each has a seed of its own."""
    plain: bool = False
    """Whether it is of the lighter kind, for stages that are `plain`."""


class EncodeJob(Job):
    """Write what models read of all records, as far as no training changes it."""

    view: str
    """Name of a test-time view."""


class PretrainJob(Job):
    """Fit a network on the dataset's records without their labels."""


class FoldJob(Job):
    """The fields that training and prediction share."""

    folds: Path
    """Folder with `folds.npy` (n,) int, the fold of each training record, and `ids.json`."""
    fold: int | None = None
    """The fold held out; None: no record is."""
    beside: int | None = None
    """A second fold left out, of which predictions may not know either."""
    inputs: dict[str, Path] = {}
    """Encoded records by the name of their test-time view."""


class TrainJob(FoldJob):
    """Fit a model on the training records of all folds but those left out."""

    views: tuple[Path, ...] = ()
    plain_views: tuple[Path, ...] = ()
    labels: Path | None = None
    """What the models of a first round say of records that this training learns from."""
    start: Path | None = None
    """A model whose weights the training starts from."""


class PredictJob(FoldJob):
    """Score records by one model, or by several together."""

    models: tuple[Path, ...] = ()
    parts: tuple[str, ...] = ()
    """What is predicted: `held_out`, `validation`, `test`."""
