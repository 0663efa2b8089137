"""Why models answer records as they do: outputs with the weights of what the models have read, as files.

A competition makes an `Explanation` of each record (`Competition.explainer`), step `explain` stores them, and
`tasks.learning.report.explanation_section` draws them.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Scores
from tasks.core.dataset import Dataset
from tasks.core.jobs import ExplainJob

FILE = "explanations.jsonl"


class Characters(NamedTuple):
    """A text of which each character, or other token, has a weight."""

    name: str
    """What the text is."""
    tokens: list[str]
    weights: list[float]


class Reason(NamedTuple):
    """One explained output."""

    name: str
    """What is answered by it."""
    answered: bool
    right: bool | None
    """None where no label is known."""
    output: float
    baseline: float
    """The output without what has weights."""
    error: float
    """Of completeness, as a share of the difference of both (`Attribution.error`)."""
    points: int
    texts: tuple[Characters, ...] = ()
    heat: np.ndarray | None = None
    """(height, width) float32: the weight of each pixel of the photograph; None of texts."""


class Explanation(NamedTuple):
    """Why one record has its answer."""

    id: str
    part: str
    """`train`, whose records are answered by models that have not seen them, `validation` or `test`."""
    models: int
    """Number of models whose mean is explained."""
    answer: str
    label: str | None
    """None where it is not known."""
    reasons: tuple[Reason, ...]
    photograph: np.ndarray | None = None
    """(height, width, 3) uint8; None of texts."""


class Explainer(NamedTuple):
    """How a competition explains answers, and which are worth it."""

    explain: Callable[[ExplainJob], Iterable[Explanation]]
    """(job): explanations of its records in their order."""
    worst: Callable[[Dataset, Scores], list[int]]
    """(dataset, scores of all training records): places of those answered wrongly, the worst first. The
    scores have a decision."""
    unsure: Callable[[Scores], list[int]]
    """(scores of records): all their places, the most unsure answers first."""
    shown: Callable[[Any], dict[str, str]] = lambda config: {}
    """(settings of the run as JSON): what people read in place of answers, labels and reasons of these
    names."""


def renamed(explanations: Iterable[Explanation], names: Mapping[str, str]) -> list[Explanation]:
    """The explanations with names for people (`Explainer.shown`)."""

    def shown(name: str) -> str:
        return names.get(name, name)

    return [
        each._replace(
            answer=shown(each.answer),
            label=None if each.label is None else shown(each.label),
            reasons=tuple(reason._replace(name=shown(reason.name)) for reason in each.reasons),
        )
        for each in explanations
    ]


def in_order(explanations: Iterable[Explanation], order: Sequence[tuple[str, str]]) -> list[Explanation]:
    """The explanations, which come model by model, in the order of these parts and ids."""
    place = {each: number for number, each in enumerate(order)}
    return sorted(explanations, key=lambda each: place.get((each.part, each.id), len(place)))


def write(folder: Path, explanations: Iterable[Explanation]) -> None:
    """Write a line for each explanation, and its pictures as arrays beside them."""
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as lines:
        for number, each in enumerate(explanations):
            if each.photograph is not None:
                np.save(folder / f"{number}.npy", each.photograph)
            for place, reason in enumerate(each.reasons):
                if reason.heat is not None:
                    np.save(folder / f"{number}-{place}.npy", reason.heat.astype(np.float32))
            reasons = [reason._replace(heat=None)._asdict() for reason in each.reasons]
            fields = each._replace(photograph=None)._asdict() | {"reasons": reasons}
            lines.write(json.dumps(fields, ensure_ascii=False) + "\n")


def read(folder: Path) -> list[Explanation]:
    """The explanations that `write` has written."""
    with (folder / FILE).open("rb") as lines:
        return [_explanation(folder, number, json.loads(line)) for number, line in enumerate(lines)]


def _explanation(folder: Path, number: int, fields: dict[str, Any]) -> Explanation:
    reasons = tuple(
        _reason(each, _array(folder / f"{number}-{place}.npy"))
        for place, each in enumerate(fields["reasons"])
    )
    return Explanation(**{**fields, "reasons": reasons, "photograph": _array(folder / f"{number}.npy")})


def _reason(fields: dict[str, Any], heat: np.ndarray | None) -> Reason:
    return Reason(**{**fields, "texts": tuple(Characters(*each) for each in fields["texts"]), "heat": heat})


def _array(file: Path) -> np.ndarray | None:
    return np.load(file) if file.exists() else None
