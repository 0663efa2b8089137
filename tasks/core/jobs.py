"""The inputs of child processes: a job type for each kind of step that runs in one.

`tasks.core.dispatch.in_child` writes a job as JSON, the child reads it with `tasks.core.dispatch.read_job`.
Artifacts arrive as the folders they lie in.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from tasks.core.dataset import PartFolders


class Job(BaseModel):
    """Fields of all jobs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    competition: str
    settings: dict[str, Any]
    """The settings that the step was called with, as JSON."""
    dataset: PartFolders
    """The parts of the dataset that the step reads, and no others."""
    seed: int
    output: Path
    """Empty folder for the result."""
    partial: Path
    """Folder for checkpoints; a later attempt of the same step finds them there."""
    data_workers: int = 1
    """Processes or threads that prepare batches; 0: chosen for the machine (`tasks.learning.loading`)."""
    checkpoint_seconds: float = 30


class AugmentJob(Job):
    """Write one augmented view of the training records."""

    folds: Path
    view: int = 0
    """Number of the view; each has its own seed."""
    plain: bool = False
    """Whether to augment lightly, for stages that are `plain`."""


class EncodeJob(Job):
    """Write the models' inputs for all records of a part, as far as no training changes them."""

    part: str
    """The part of the dataset: `train`, `validation` or `test`."""
    view: str
    """Name of a test-time view."""


class PretrainJob(Job):
    """Fit a network on records of the dataset without their labels."""

    parts: tuple[str, ...] = ("train",)
    """The parts whose records it reads."""


class FoldJob(Job):
    """Fields of training and prediction."""

    folds: Path | None = None
    """Folder with `folds.npy` (n,) int, the fold of each training record, and `ids.json`; None where no
    training record is read."""
    fold: int | None = None
    """The held-out fold; None: no record is held out."""
    beside: int | None = None
    """A second fold that is left out, so that models have not seen its records either."""
    inputs: dict[str, PartFolders] = {}
    """Encoded records of the parts that are read, by the name of their test-time view."""
    network: bool = True
    """Whether the child computes with Keras (`BaseRecipe.trains_network`)."""


class TrainJob(FoldJob):
    """Fit a model on the training records of all folds but those that are left out."""

    views: tuple[Path, ...] = ()
    plain_views: tuple[Path, ...] = ()
    labels: Path | None = None
    """Labels from the models of a first round, for records that this training learns from."""
    start: Path | None = None
    """A model from whose weights the training starts."""


class ExportJob(Job):
    """Write networks to files that other programs open."""

    models: tuple[Path, ...]
    """Folders of step `train`; all of one recipe."""
    names: tuple[str, ...]
    """Names of their files, without an ending."""
    format: Literal["keras", "onnx", "savedmodel"]
    first_head: float
    """Share of the first head, where networks have two (step `gather`)."""


class ExplainedRecords(BaseModel):
    """Records whose answers are explained by the same models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Literal["train", "validation", "test"]
    ids: tuple[str, ...]
    models: tuple[Path, ...]
    """Folders of step `train`, whose mean is explained; of training records those that have not seen them."""


class ExplainJob(Job):
    """Say why models of one recipe answer records as they do."""

    records: tuple[ExplainedRecords, ...]
    order: tuple[tuple[str, str], ...] = ()
    """Part and id of each record in the order in which they are shown; empty: as they come."""
    decision: dict[str, Any]
    """How scores are decoded to answers (`Scores.decision`)."""
    first_head: float
    """As of `ExportJob`."""


class PredictJob(FoldJob):
    """Score records with one model, or with several together."""

    models: tuple[Path, ...] = ()
    part: str = "held_out"
    """The records to predict: `held_out`, which are those of `fold`, `validation` or `test`."""
