"""What a competition is: thirteen functions under agreed names, found by the competition's name.

Steps speak to a competition only through `find`, so that a fourth one is a new folder and nothing else.
Every function is pure but for the folder it is given to write; none knows Prefect or the store.
Arrays are numpy arrays, `k` is the number of classes, and a *dataset* is the folder `load` has written.

A dataset has up to three *parts*: `train`, which is divided into folds; `validation`, labelled records that
some competitions hand out besides, which nothing is fitted or chosen on; and `test`, the records asked for.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

import tasks
from tasks.core.errors import InvalidSettings
from tasks.core.jobs import AugmentJob, EncodeJob, PredictJob, PretrainJob, TrainJob

Part = Literal["train", "validation", "test"]


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

    @property
    def signed(self) -> float:
        """The value, turned so that higher is better."""
        return self.value if self.higher_is_better else -self.value

    def text(self) -> str:
        """`accuracy 0.8803 ± 0.0162`."""
        return f"{self.name} {self.value:.4f} ± {self.standard_error:.4f}"


class Scores(NamedTuple):
    """Raw outputs of a model with the records they belong to."""

    ids: list[str]
    values: Any
    """(n, k) float32 for classification, from a single model (n, heads, k); else the n records'
    `tasks.learning.ensemble.candidates.Candidates`. Both have a length and can be indexed by an array of rows."""
    decision: dict[str, Any] | None = None
    """What turns the values into answers (`Scorer.decide`), once it is chosen."""


class Scorer(Protocol):
    """The official metric of one part of a dataset, whose truth it has read once."""

    def __call__(
        self, values: Any, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        """Score all records' values, or those of the records `rows`.

        Without a decision, candidates are cut where these very records score best: good for comparing
        members, flattering as a result.
        """

    def decide(self, values: Any) -> dict[str, Any]:
        """What must be chosen before values become answers, thresholds for one; JSON, may be empty."""

    def targets(self, values: Any) -> np.ndarray:
        """What a model of all records' values learns: (n,) int64 classes, or (m,) bool, which of their
        candidates are right.
        """


@runtime_checkable
class ClassScorer(Scorer, Protocol):
    """A metric to which only the classes with the highest scores matter."""

    def of_classes(self, classes: np.ndarray, rows: np.ndarray | None = None) -> Score:
        """Score (n,) classes of all records, or of the records `rows`."""


class Competition(NamedTuple):
    """The thirteen functions; `Config` and `demo` are found beside them by their file names."""

    name: str
    file: str
    """Name of the file that is uploaded."""
    load: Callable[..., None]
    """(settings, folder): read and check the raw files, write the dataset; raises InvalidData."""
    fold_key: Callable[[Path], FoldKey]
    """(dataset): ids, strata and groups of the training records."""
    ids: Callable[[Path, Part], list[str]]
    """(dataset, part): ids of a part's records, in the order of their scores; an absent part has none."""
    augment: Callable[[AugmentJob], None]
    """(job): write one augmented view of the training records."""
    encode: Callable[[EncodeJob], None]
    """(job): write what models read of all records, as far as no training changes it."""
    build: Callable[[TrainJob], Any]
    """(job): a `tasks.learning.training.loop.Training` — model, stages, and batches as a function of the step."""
    predict: Callable[[PredictJob], Iterable[tuple[str, Scores]]]
    """(job): scores of each of the job's parts by its name, by one model or by several together. A part may
    come in pieces, one right after the other, so that none of its records need stay in memory."""
    scorer: Callable[..., Scorer]
    """(dataset, part="train", settings=None): reads the truth once, gives the official metric.
    `settings` are those of turning values into answers, if the competition has any."""
    decode: Callable[[Any, Path, dict[str, Any]], list[Any]]
    """(values, dataset, decision): one answer for each test record."""
    write: Callable[[list[str], list[Any], Path], None]
    """(ids, answers, file): write a submission."""
    check: Callable[[Path, list[str], Path], int]
    """(file, ids, dataset): count the lines of a valid submission; raises InvalidSubmission."""
    sections: Callable[..., list[Any]]
    """(material): the competition's own sections of the report."""
    suggest: Callable[[Any, Any], dict[str, Any]]
    """(trial, config): what one trial of a search changes in the only recipe of these settings, by the keys
    that `--set` takes. `trial` is Optuna's; the first of its choices changes nothing."""
    pretrain: Callable[[PretrainJob], Any] | None = None
    """(job): the training of a network on records without labels, which trainings may start from; None where
    no recipe asks for one."""
    public_higher_is_better: bool = True
    """Whether the higher of two public scores is the better one; the leaderboard may show an error."""


def competition_names() -> tuple[str, ...]:
    """The competitions there are: the folders of `tasks` that hold a `competition.py`, sorted."""
    files = (file for place in tasks.__path__ for file in Path(place).glob("*/competition.py"))
    return tuple(sorted({file.parent.name for file in files} - {"core"}))


def find(name: str) -> Competition:
    """The competition of this name.

    Raises:
        InvalidSettings: no competition has this name.
    """
    if name not in competition_names():
        raise InvalidSettings(
            f"competition: expected one of {', '.join(competition_names())}, received {name!r}"
        )
    return import_module(f"tasks.{name}.competition").COMPETITION


def method_module_name(competition: str, method: str, file: str) -> str:
    """Name of the module `file` in the folder of a recipe's method.

    >>> method_module_name("nl2sql", "two-stage", "training")
    'tasks.nl2sql.two_stage.training'
    """
    return f"tasks.{competition}.{method.replace('-', '_')}.{file}"


def method_module(competition: str, method: str, file: str) -> Any:
    """The module `file` in the folder of a recipe's method, imported.

    Cache keys do not follow this import, so that one method's models do not rest on another's code: steps name
    the module in `uses`, as `{method}.training`.
    """
    return import_module(method_module_name(competition, method, file))
