"""Sketches of a network that is nearly sure of a query, for tests of decoding."""

from collections.abc import Mapping

import numpy as np

from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.query.schema import Query, Table
from tasks.nl2sql.sketch.labels import MOST_CONDITIONS, NO_AGGREGATE, NO_OPERATOR, labels_of


def sketch(
    text: str, query: Query, table: Table, *, doubt: float = 0.05, **changes: np.ndarray
) -> SketchProbabilities:
    """What a network would say that knows the query; `doubt` is shared out among all classes."""
    found = dict(zip(query.conditions, align_values(query.conditions, text, table), strict=True))
    labels = labels_of(query, text, columns=len(table.header), spans=found)
    columns = len(table.header)
    made = SketchProbabilities(
        connector=_spread(np.eye(3)[labels.connector], doubt),
        select=_spread(np.eye(NO_AGGREGATE + 1)[labels.select], doubt),
        number=_spread(np.eye(MOST_CONDITIONS + 1)[labels.number], doubt),
        operators=_spread(labels.operators, doubt),
        tags=_spread(np.eye(NO_OPERATOR + 1)[labels.tags], doubt),
        begins=_spread(np.eye(2)[labels.begins], doubt)[:, 1],
        columns=_spread(np.eye(columns)[labels.columns], doubt),
    )
    return made._replace(**changes)


def drawn(length: int, columns: int, *, seed: int = 0, sure: float = 2.0) -> SketchProbabilities:
    """Probabilities of a network that guesses."""
    random = np.random.default_rng(seed)

    def classes(*shape: int) -> np.ndarray:
        weights = np.exp(sure * random.normal(size=shape))
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True), np.float32)

    begins = random.random(length).astype(np.float32)
    return SketchProbabilities(
        classes(3),
        classes(columns, 7),
        classes(5),
        classes(columns, 5),
        classes(length, 5),
        begins,
        classes(length, columns),
    )


def told(values: np.ndarray, changes: Mapping[int, int | float]) -> np.ndarray:
    """Probabilities with other ones for some rows: of one class nearly 1, or the probability itself."""
    made = values.copy()
    for row, to in changes.items():
        made[row] = to if values.ndim == 1 else _spread(np.eye(values.shape[1])[int(to)], 0.05)
    return made


def _spread(certain: np.ndarray, doubt: float) -> np.ndarray:
    return np.asarray(certain * (1 - doubt) + doubt / certain.shape[-1], np.float32)
