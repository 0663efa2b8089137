"""What spans of a question may say: a column, an operator and a value, each way with its probability."""

from collections.abc import Iterable, Sequence

import numpy as np

from tasks.nl2sql import constraints
from tasks.nl2sql.beam import best
from tasks.nl2sql.said import Said
from tasks.nl2sql.sketch import NO_OPERATOR, Sketch
from tasks.nl2sql.spans import Asked, Place, Span, common, completed, joined, odds

MOST_READINGS = 4
"""Conditions considered of one span."""
CERTAIN = 0.999
"""No span is more certain than this, so that one too many can always be left out."""
FLOOR = 0.1
"""Weight of the characters' operators alone, for a column may have conditions with several."""
SAME = 0.5
"""Part in common from which two places are one value, its ends seen badly."""
LEAST = 1e-6

Choice = tuple[float, Asked | None]
"""A condition, or that none is meant, and its probability."""


def choices(found: Iterable[Span], sketch: Sketch, said: Said) -> list[list[Choice]]:
    """For each span of a question what it may say; the probabilities of one span sum to 1 at most."""
    value = 1 - sketch.tags[:, NO_OPERATOR].astype(np.float64)
    whole = joined(found, said.mentions, sketch.begins)
    return [
        _of_span(span, sketch, value, said)
        for span in completed(whole, said.places(), sketch, value)
        if said.text[span.start : span.end].strip()
    ]


def _of_span(span: Span, sketch: Sketch, value: np.ndarray, said: Said) -> list[Choice]:
    """The most probable conditions, and that there is none."""
    here = (span.start, span.end)
    places = [here, *(place for place in said.near(here) if place[1] <= len(value))]
    joint = _joint(places, sketch, value, said)
    top = np.argsort(-joint, axis=None, kind="stable")[:MOST_READINGS]
    probability = min(span.probability, CERTAIN)
    shares = joint.ravel()[top] * (probability / joint.sum())
    ways = zip(shares.tolist(), *(each.tolist() for each in np.unravel_index(top, joint.shape)), strict=True)
    found: list[Choice] = [(1 - probability, None)]
    found += [(share, Asked(column, operator, *places[number])) for share, number, column, operator in ways]
    return best(found, len(found))


def _joint(places: Sequence[Place], sketch: Sketch, value: np.ndarray, said: Said) -> np.ndarray:
    """(places, C, 4) weights of reading a value at each place, the first of which the network has marked."""
    weighed = _known(places[0], sketch) * said.known.operators + LEAST
    holders = [said.holders(place) for place in places]
    columns = np.array([constraints.of_columns(held, len(weighed)) for held in holders])
    columns[1:] *= np.array([[odds(places[0], place, value)] for place in places[1:]]).reshape(-1, 1)
    joint = columns[:, :, None] * weighed
    for number in range(1, len(places)):
        # where a column has the value of nearly the same place, that is what the characters say
        if common(places[0], places[number]) >= SAME:
            moved = [column for column in holders[number] if column not in holders[0]]
            joint[number, moved] += joint[0, moved]
            joint[0, moved] = 0
    return np.asarray(joint)


def _known(place: Place, sketch: Sketch) -> np.ndarray:
    """(C, 4): what the network says of the column and the operator of a value."""
    here = slice(*place)
    tags = sketch.tags[here, :NO_OPERATOR].mean(axis=0)
    columns = sketch.columns[here].mean(axis=0)
    return np.asarray(columns[:, None] * tags * (sketch.operators[:, :NO_OPERATOR] + FLOOR))
