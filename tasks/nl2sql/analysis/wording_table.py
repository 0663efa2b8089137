"""What wording a run's models have learned for each aggregate and connector."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.core.report.page import Section, TableBlock, Text
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS
from tasks.nl2sql.wording import model as wording
from tasks.nl2sql.wording.masking import CELL, NAME, NUMBER
from tasks.nl2sql.wording.model import Classifier, WordingModel

SHOWN = 6
"""Runs of characters of each class."""
SPOKEN = {CELL: "⟨cell⟩", NAME: "⟨column⟩", NUMBER: "⟨number⟩"}


def learned_wording(models: Sequence[Path]) -> Section:
    """The section of what wording says, by the mean of all models; empty where no model has learned any."""
    with_wording = [model for model in models if (model / wording.FILE).is_file()]
    if not with_wording:
        return Section("Wording", [])
    text = (
        "From the characters of a question, without its table's cells, names of columns and numbers, "
        "regressions on the labels of each training learn which aggregates it asks for, and which connector. "
        "They multiply the probability of a query by that of its class, given the wording. "
        "Shown are the runs of characters with the largest weights, means over the models."
    )
    found = wording.read(with_wording).models
    rows = [row for name in wording.TARGETS for row in _rows(name, found)]
    return Section("Wording", [Text(text), TableBlock(["query", "labels", "runs of characters"], rows)])


def _rows(name: str, models: Sequence[WordingModel]) -> list[list[object]]:
    """A row for each class that a model knows."""
    fitted: list[tuple[WordingModel, Classifier]] = [(each, getattr(each, name)) for each in models]
    classes = sorted({label for _, each in fitted for label in each.classes})
    rows = []
    for label in classes:
        known = [(model, each, each.classes.index(label)) for model, each in fitted if label in each.classes]
        labels = float(np.mean([each.labels[row] for _, each, row in known]))
        rows.append([_described(name, label), round(labels, 1), _strongest(known)])
    return rows


def _strongest(known: Sequence[tuple[WordingModel, Classifier, int]]) -> str:
    """The runs of characters whose weights exceed those of other classes most."""
    weights: dict[str, float] = {}
    for model, classifier, row in known:
        centred = classifier.weights[row] - classifier.weights.mean(axis=0)
        for run, place in model.runs.items():
            weights[run] = weights.get(run, 0.0) + float(centred[place]) / len(known)
    best = sorted(weights, key=lambda run: (-weights[run], run))[:SHOWN]
    return "  ".join(_spoken(run) for run in best if weights[run] > 0)


def _described(name: str, label: str) -> str:
    if name == "connectors":
        return f"conditions joined by {CONNECTORS[int(label)]}"
    if not label.replace(" ", "").isdigit():
        return f"more than {wording.MOST_SELECTED} columns" if label else "no column"
    return ", ".join(AGGREGATES[int(each)] or "a column" for each in label.split())


def _spoken(run: str) -> str:
    return "".join(SPOKEN.get(character, character) for character in run)
