"""The factors on queries of a run's models, with the counts of labels that they are estimated from."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tasks.core.report.page import Section, TableBlock, Text
from tasks.nl2sql.decoding.query_factors import PRIOR, evidence, rarity
from tasks.nl2sql.label_counts import counts as label_counts
from tasks.nl2sql.query.schema import AGGREGATES, OPERATORS

TYPES = ("text", "real")
OPERATOR_KINDS = ("== or !=", "> or <")
PLACES = ("in its column", "in other columns only", "in no cell")
SINGLE = {
    "another_selected": "a second selected column",
    "contradiction": "`and` between two values that one column must equal",
    "overlapping": "two values that share characters of the question",
    "nothing_found": "a query that finds nothing",
}


def factors(models: Sequence[Path]) -> Section:
    """The section of the factors, by the mean counts of all models; empty where no model has counts."""
    with_counts = [model for model in models if (model / label_counts.FILE).is_file()]
    if not with_counts:
        return Section("Factors on queries", [])
    text = (
        "A query's probability is multiplied by a factor for each unusual property that it has. The factors "
        f"are estimated from the labels that each model was trained on: (labels + {PRIOR:g}) / (expected + "
        f"{PRIOR:g}), 1 at most, where as many labels are expected as would have the property by chance. "
        "Shown are means over the models."
    )
    found = evidence(label_counts.read(with_counts))
    rows = [
        [what, round(observed, 1), round(expected, 1), float(rarity(observed, expected))]
        for name, pair in found.items()
        for what, observed, expected in _entries(name, *pair)
    ]
    return Section(
        "Factors on queries", [Text(text), TableBlock(["property", "labels", "expected", "factor"], rows)]
    )


def _entries(name: str, observed: np.ndarray, expected: np.ndarray) -> Iterator[tuple[str, float, float]]:
    """A property with both its counts, for each entry of the arrays of one factor."""
    for place in np.ndindex(observed.shape):
        yield _property(name, place), float(observed[place]), float(expected[place])


def _property(name: str, place: tuple[int, ...]) -> str:
    if name == "operators":
        return f"{TYPES[place[0]]} column compared by {OPERATORS[place[1]]}"
    if name == "aggregates":
        return f"{TYPES[place[0]]} column selected with {AGGREGATES[place[1]] or 'no aggregate'}"
    if name == "places":
        column, kind, where = place
        return f"{TYPES[column]} column {OPERATOR_KINDS[kind]} a value that stands {PLACES[where]}"
    if name == "compared":
        return f"selected {TYPES[place[0]]} column with a condition"
    return SINGLE[name]
