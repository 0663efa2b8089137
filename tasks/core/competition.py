"""What a competition is: twelve functions under agreed names, found by the competition's name.

Steps speak to a competition only through `find`, so that a fourth one is a new folder and nothing else.
Every function is pure but for the folder it is given to write; none knows Prefect or the store.
Arrays are numpy arrays, `k` is the number of classes, and a *dataset* is the folder `load` has written.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from tasks.core.errors import InvalidSettings

NAMES = ("dogs",)


class FoldKey(NamedTuple):
    """What cross-validation must respect: one entry for each training record, in the dataset's order."""

    ids: list[str]
    strata: np.ndarray
    """(n,) int64; each fold gets its share of every stratum."""
    groups: np.ndarray
    """(n,) int64; records of one group never part."""


class Score(NamedTuple):
    """A metric on the training records, by the competition's official rules."""

    name: str
    value: float
    standard_error: float
    higher_is_better: bool = True


class Scores(NamedTuple):
    """Raw outputs of a model with the records they belong to."""

    ids: list[str]
    values: np.ndarray
    """(n, k) float32 for classification; from a single model (n, heads, k)."""


class Job(BaseModel):
    """What a child process is told: places of artifacts, and the settings its competition understands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    competition: str
    settings: dict[str, Any]
    """Parts of a recipe, as the step was given them."""
    dataset: Path
    seed: int
    folds: Path | None = None
    fold: int | None = None
    view: int | str = 0
    plain: bool = False
    views: tuple[Path, ...] = ()
    plain_views: tuple[Path, ...] = ()
    inputs: dict[str, Path] = {}
    """Encoded records by the name of their test-time view."""
    pseudo: Path | None = None
    model: Path | None = None
    output: Path
    partial: Path
    data_workers: int = 1
    checkpoint_seconds: float = 30


class Competition(NamedTuple):
    """The twelve functions; `Config` and `demo` are found beside them by their file names."""

    name: str
    file: str
    """Name of the file that is uploaded."""
    load: Callable[..., None]
    """(settings, folder): read and check the raw files, write the dataset; raises InvalidData."""
    fold_key: Callable[[Path], FoldKey]
    """(dataset): ids, strata and groups of the training records."""
    test_ids: Callable[[Path], list[str]]
    """(dataset): ids of the test records, in the order of their scores."""
    augment: Callable[[Job], None]
    """(job): write one augmented view of the training records, through the frozen trunk."""
    encode: Callable[[Job], None]
    """(job): write one test-time view of training and test records, through the frozen trunk."""
    build: Callable[[Job], Any]
    """(job): a `tasks.learning.fitting.Training` — model, stages, and batches as a function of the step."""
    predict: Callable[[Job], tuple[Scores, Scores]]
    """(job): scores (n, heads, k) of the held-out records and of the test records."""
    scorer: Callable[[Path], Callable[..., Score]]
    """(dataset): reads the truth once; gives the official metric of (n, k) training scores.
    The function given also takes `rows`, the indices of the records when not all are scored."""
    decode: Callable[[np.ndarray, Path], list[Any]]
    """(scores, dataset): one answer for each row."""
    write: Callable[[list[str], list[Any], Path], None]
    """(ids, answers, file): write a submission."""
    check: Callable[[Path, list[str], Path], int]
    """(file, ids, dataset): count the lines of a valid submission; raises InvalidSubmission."""
    sections: Callable[..., list[Any]]
    """(material): the competition's own sections of the report."""


def find(name: str) -> Competition:
    """The competition of this name.

    Raises:
        InvalidSettings: no competition has this name.
    """
    if name not in NAMES:
        raise InvalidSettings(f"competition: expected one of {', '.join(NAMES)}, received {name!r}")
    return import_module(f"tasks.{name}.competition").COMPETITION
