"""The interface of a competition: functions with fixed names and types, which steps call.

Each folder with a `competition.py` is a competition (`tasks.core.contract.folders`); the file binds the
functions in `COMPETITION`. Steps get them from `find` and import no competition, so that a further
competition is a further folder. The functions only write to the folder that they are given, and use neither
Prefect nor the store.

Terms: a *dataset* is what `load` has written, a folder with the files of all parts or the folders of some
(`tasks.core.dataset`). It has up to three *parts*: `train`, which is divided into folds; `validation`,
further labelled records that some competitions provide, on which nothing is fitted or chosen; and `test`, the
records to predict. Arrays are numpy arrays; n is the number of records, k of classes.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

from tasks.core.contract import files
from tasks.core.contract.folders import competition_names as competition_names
from tasks.core.contract.folders import folder_of, is_outside
from tasks.core.contract.folders import raise_if_unknown as raise_if_unknown
from tasks.core.dataset import Dataset
from tasks.core.jobs import AugmentJob, EncodeJob, ExportJob, PredictJob, PretrainJob, TrainJob

Part = Literal["train", "validation", "test"]


class FoldKey(NamedTuple):
    """What the division into folds respects; one entry per training record, in the dataset's order."""

    ids: list[str]
    strata: np.ndarray
    """(n,) int64; the records of a stratum are spread evenly over the folds."""
    groups: np.ndarray
    """(n,) int64; the records of a group are all in the same fold."""


class Score(NamedTuple):
    """A value of the competition's official metric."""

    name: str
    value: float
    standard_error: float
    higher_is_better: bool = True

    @property
    def signed(self) -> float:
        """The value with a sign such that higher is better."""
        return self.value if self.higher_is_better else -self.value

    def text(self) -> str:
        """`accuracy 0.8803 ± 0.0162`."""
        return f"{self.name} {self.value:.4f} ± {self.standard_error:.4f}"


class Scores(NamedTuple):
    """Scores that models give to records, before they are decoded to answers."""

    ids: list[str]
    values: Any
    """(n, k) float32 for classification, from a single model (n, heads, k); else the n records'
    `tasks.learning.ensemble.candidates.Candidates`. Both have a length and can be indexed by an array of
    rows."""
    decision: dict[str, Any] | None = None
    """Parameters that decode the values to answers (`Scorer.decide`); None before they are chosen."""


class Scorer(Protocol):
    """The official metric of one part of a dataset, whose labels it reads once."""

    def __call__(
        self, values: Any, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        """The score of all records' values, or of those of the records `rows`.

        Without a decision, thresholds are chosen on these same records: good for comparing members, too
        optimistic as a result.
        """

    def decide(self, values: Any) -> dict[str, Any]:
        """Choose what decoding needs, such as thresholds, on these values; JSON, may be empty."""

    def targets(self, values: Any) -> np.ndarray:
        """Targets for a model of all records' values: (n,) int64 classes, or (m,) bool, whether each of
        their candidates is right.
        """


@runtime_checkable
class ClassScorer(Scorer, Protocol):
    """A metric that depends only on the class with the highest score."""

    def of_classes(self, classes: np.ndarray, rows: np.ndarray | None = None) -> Score:
        """The score of (n,) classes of all records, or of the records `rows`."""


class Competition(NamedTuple):
    """A competition's functions; its settings and demo are found by file name: `config.Config`, `demo`."""

    name: str
    file: str
    """Name of the file that is uploaded."""
    parts: tuple[Part, ...]
    """The parts of its datasets."""
    common_files: tuple[str, ...]
    """Names of the files of the training part that the other parts are read with, such as vocabularies."""
    load: Callable[..., None]
    """(settings, part, folder): read and check the raw files of a part, and write it with its notes
    (`tasks.core.dataset.notes_file`); raises InvalidData."""
    fold_key: Callable[[Dataset], FoldKey]
    """(dataset): ids, strata and groups of the training records."""
    overlap: Callable[[Dataset], list[dict[str, Any]]]
    """(dataset): notes on records of a part that occur in an earlier one too, of those parts that are there
    (`tasks.core.dataset.note`)."""
    features: Callable[[Dataset, Part], np.ndarray]
    """(dataset, part): (n, d) float32, or a scipy sparse matrix, plain features of a part's records without
    their labels, by which parts are compared; no network and no fitted vocabulary."""
    excerpt: Callable[[Dataset, Part, list[int]], list[Any]]
    """(dataset, part, rows): what the report shows of records, in the order of the rows: a text, or the bytes
    of a JPEG."""
    ids: Callable[[Dataset, Part], list[str]]
    """(dataset, part): ids of a part's records in the order of their scores; empty for an absent part."""
    build: Callable[[TrainJob], Any]
    """(job): a `tasks.learning.training.loop.Training`: model, stages, and batches by step; of a recipe whose
    `trains_network` is False, a `tasks.learning.estimators.fit.EstimatorTraining`."""
    predict: Callable[[PredictJob], Iterable[Scores]]
    """(job): scores of the job's part, by one model or by several together, in consecutive pieces, so that
    not all records must be in memory. Of the training part it reads nothing but held-out records: what else a
    prediction rests on was stored with the model."""
    scorer: Callable[..., Scorer]
    """(dataset, part="train", settings=None): the official metric of a part. `settings` are those of decoding
    values to answers, if the competition has any."""
    decode: Callable[[Iterable[Any], Dataset, dict[str, Any]], Iterator[Any]]
    """(pieces, dataset, decision): yield an answer for each test record, of which the pieces are the values,
    consecutively, in the order of their ids; not all are ever in memory."""
    write: Callable[[list[str], Iterable[Any], Path], None]
    """(ids, answers, file): write a submission file, answer by answer."""
    check: Callable[[Path, list[str], Dataset], int]
    """(file, ids, dataset): check a submission file; returns its line count, raises InvalidSubmission."""
    sections: Callable[..., list[Any]]
    """(material): the competition's own sections of the report."""
    suggest: Callable[[Any, Any], dict[str, Any]]
    """(trial, config): the settings that a trial of a search changes in the only recipe, by the keys that
    `--set` takes. `trial` is Optuna's; the first of each of its choices changes nothing."""
    augment: Callable[[AugmentJob], None] | None = None
    """(job): write one augmented view of the training records; None if no recipe uses any."""
    encode: Callable[[EncodeJob], None] | None = None
    """(job): write the models' inputs for all records of a part, as far as no training changes them; None if
    no recipe has any (`encodings`)."""
    pretrain: Callable[[PretrainJob], Any] | None = None
    """(job): the training of a network on records without labels, from which trainings may start; None if no
    recipe uses one."""
    public_higher_is_better: bool = True
    """Whether the higher of two public scores is better; the leaderboard may show an error instead."""
    public_name: str = "score"
    """What the leaderboard shows, in words."""
    public_bounds: tuple[float, float] = (float("-inf"), float("inf"))
    """Least and greatest public score, such as 0 and 1 of a share."""
    member_form: Callable[[Dataset], Any] | None = None
    """(dataset): how scores of the records in it are written for other programs and read from their files
    (`tasks.learning.ensemble.member_files.records.MemberForm`); None if they are not."""
    network: Callable[[ExportJob], Any] | None = None
    """(job): the network of a recipe with a real batch and what its inputs and outputs mean
    (`tasks.learning.export.network.ExportedNetwork`), for other programs; None if there is none."""
    explainer: Any = None
    """A `tasks.learning.attribution.explanations.Explainer`: why models answer records as they do; None if
    answers cannot be explained."""


def find(name: str) -> Competition:
    """The competition of this name.

    Raises:
        InvalidSettings: there is none, or its folder lacks something that steps need (`tasks.core.contract`).
    """
    folder = folder_of(name)
    if is_outside(name):
        files.check_files(name, folder)
    module = files.imported(name, folder, "competition")
    files.check(name, folder, getattr(module, "COMPETITION", None), Competition)
    found: Competition = module.COMPETITION
    return found


def module_of(competition: str, file: str) -> Any:
    """The module `file` of a competition, imported, for commands; keys do not follow this import."""
    return files.imported(competition, folder_of(competition), file)


def method_module_name(competition: str, method: str, file: str) -> str:
    """Name of the module `file` in the folder of a recipe's method.

    >>> method_module_name("nl2sql", "two-stage", "training")
    'tasks.nl2sql.two_stage.training'
    """
    return f"tasks.{competition}.{method.replace('-', '_')}.{file}"


def method_module(competition: str, method: str, file: str) -> Any:
    """The module `file` in the folder of a recipe's method, imported.

    Cache keys do not follow this import, so that the code of one method is in no key of another: steps name
    the module in `uses`, as `{method}.training`.
    """
    return import_module(method_module_name(competition, method, file))
