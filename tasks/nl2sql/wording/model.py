"""What the wording of a question says of its query: aggregates of the selected columns, and the connector.

Multinomial logistic regressions on the runs of one to three characters of masked questions
(`tasks.nl2sql.wording.masking`), fitted on the labels that a network was trained on and stored beside its
weights as plain arrays. A network trained on few questions knows the wording of rare queries badly, where
counts of characters are enough; the more a network has learned, the less they change.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from tasks.core.errors import UserError
from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.wording.masking import masked

FILE = "wording.npz"
"""Beside the weights of a model."""
LONGEST_RUN = 3
"""Characters."""
PRIOR = 2.0
"""Labels of the neutral prior: additive smoothing of probabilities, as `query_factors.PRIOR` of counts."""

MOST_SELECTED = 4
"""Columns of a class of its own."""
TARGETS = ("selected", "connectors")
"""Fields of a model that are regressions."""


class Classifier(NamedTuple):
    """A regression; k classes, g runs of characters."""

    classes: list[str]
    labels: np.ndarray
    """(k,) labels of each class among those that it was fitted on."""
    weights: np.ndarray
    """(k, g + 1) float32; the last column is added to all questions."""

    def shares(self, runs: np.ndarray) -> dict[str, float]:
        """The probability of each class for a question with these runs, smoothed by `PRIOR` labels of each.

        Not relative to how frequent a class is: on the questions held out of ESQL, RETQA and the demos that
        gains more, by up to a percentage point, but it favours rare classes on thin evidence, and lost on the
        validation questions of ESQL.
        """
        if not self.classes:
            return {}
        logits = self.weights[:, runs].sum(axis=1, dtype=np.float64) + self.weights[:, -1]
        weights = np.exp(logits - logits.max())
        expected = weights / weights.sum() * self.labels.sum() + PRIOR
        return dict(zip(self.classes, (expected / expected.sum()).tolist(), strict=True))


class Shares(NamedTuple):
    """What the wording of one question says, by class; what no label has is the least likely."""

    selected: Mapping[str, float] = {}
    connectors: Mapping[str, float] = {}

    def of_selection(self, aggregates: Iterable[int]) -> float:
        """Of selecting columns with these aggregates."""
        return _share(self.selected, selection_class(aggregates))

    def of_connector(self, connector: int) -> float:
        """Of two conditions or more with this connector."""
        return _share(self.connectors, str(connector))


def _share(shares: Mapping[str, float], name: str) -> float:
    found = shares.get(name)
    return min(shares.values(), default=1.0) if found is None else found


class WordingModel(NamedTuple):
    """The regressions beside one network."""

    runs: dict[str, int]
    """Column of the weights by run of characters."""
    selected: Classifier
    connectors: Classifier

    def shares(self, text: str) -> Shares:
        """Of a masked question."""
        places = [self.runs[run] for run in sorted(runs_of(text) & self.runs.keys())]
        columns = np.array(places, np.intp)
        return Shares(self.selected.shares(columns), self.connectors.shares(columns))


class Wording:
    """The regressions of several networks that answer together."""

    def __init__(self, models: Sequence[WordingModel] = ()) -> None:
        self.models = tuple(models)

    def shares(self, text: str, table: Table) -> Shares:
        """Of a question: the mean of all networks' shares; without any of neither."""
        if not self.models:
            return Shares()
        plain = masked(text, table)
        found = [model.shares(plain) for model in self.models]
        return Shares(*(_mean(each) for each in zip(*found, strict=True)))


def _mean(shares: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = sorted({name for each in shares for name in each})
    return {name: float(np.mean([_share(each, name) for each in shares])) for name in names}


SILENT = Wording()
"""Of no networks."""


def selection_class(aggregates: Iterable[int]) -> str:
    """The class of queries that select columns with these aggregates.

    >>> selection_class([4, 0]), selection_class([0] * 30)
    ('0 4', 'many')
    """
    ordered = sorted(aggregates)
    return " ".join(map(str, ordered)) if len(ordered) <= MOST_SELECTED else "many"


def runs_of(text: str) -> set[str]:
    """All runs of one to three characters.

    >>> sorted(runs_of("最高价"))
    ['价', '最', '最高', '最高价', '高', '高价']
    """
    ends = range(1, LONGEST_RUN + 1)
    return {text[at : at + length] for length in ends for at in range(len(text) - length + 1)}


def write(folder: Path, model: WordingModel) -> None:
    """Write regressions beside the weights of a network."""
    arrays: dict[str, np.ndarray] = {"runs": np.array(list(model.runs), f"<U{LONGEST_RUN}")}
    for name in TARGETS:
        classifier: Classifier = getattr(model, name)
        arrays[f"{name}_classes"] = np.array(classifier.classes, np.str_)
        arrays[f"{name}_labels"], arrays[f"{name}_weights"] = classifier.labels, classifier.weights
    np.savez(folder / FILE, **arrays)  # type: ignore[arg-type]


def read(models: Sequence[Path]) -> Wording:
    """The regressions beside networks that answer together.

    Raises:
        UserError: a network has none, or what lies there are none.
    """
    return Wording([_read(model / FILE) for model in models])


def _read(file: Path) -> WordingModel:
    expected = f"{file.parent.name}: expected regressions on the wording of questions in {FILE}"
    try:
        with np.load(file, allow_pickle=False) as arrays:
            runs = {run: place for place, run in enumerate(arrays["runs"].tolist())}
            classifiers = [_classifier(arrays, name, len(runs)) for name in TARGETS]
    except FileNotFoundError:
        text = f"{expected}, received a model without them, of an earlier version of Podium; train it again"
        raise UserError(text) from None
    except (ValueError, KeyError, EOFError, OSError, BadZipFile) as error:
        raise UserError(f"{expected}, received a file without them ({error}); train it again") from error
    return WordingModel(runs, *classifiers)


def _classifier(arrays: Mapping[str, np.ndarray], name: str, runs: int) -> Classifier:
    classes, labels, weights = (arrays[f"{name}_{part}"] for part in ("classes", "labels", "weights"))
    if weights.shape != (len(classes), runs + 1) or labels.shape != (len(classes),):
        raise ValueError(f"{name}: expected {len(classes)}×{runs + 1} weights, received {weights.shape}")
    if not (np.isfinite(weights).all() and np.isfinite(labels).all() and labels.min(initial=0) >= 0):
        raise ValueError(f"{name}: expected finite weights and numbers of labels")
    return Classifier(classes.tolist(), labels, weights)
