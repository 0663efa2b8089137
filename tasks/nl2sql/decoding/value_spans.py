"""Where in the questions values stand, from the probabilities of their characters."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.decoding.sketch_outputs import NO_OPERATOR, Sketch

LIKELY = 0.5
"""Probability from which a character is part of a value, and from which a value begins at it."""
WEAK = 0.1
"""Probability from which a character is part of a value that is considered, were the others too few."""
UNSEEN = 0.005
"""Probability of a value where no character is likely part of one, but a cell of the table stands."""
FARTHEST = 8.0
"""Bound of the logarithm of odds."""
FAINT = 0.02
"""Spans less probable are considered only where the network expects more conditions than there are spans."""
MOST_SPANS = 8
"""Spans considered in a question, the most probable; queries have 4 conditions at most."""

Place = tuple[int, int]
"""First character and the one behind the last."""


class Span(NamedTuple):
    """Characters of a question that may be a value."""

    start: int
    end: int
    """Half-open."""
    probability: float
    """That a value stands here at all."""


class Asked(NamedTuple):
    """A condition whose value is not yet read: that takes long, and few are among a question's best."""

    column: int
    operator: int
    start: int
    end: int
    """Characters that say the value, half-open."""


def spans(sketches: Sequence[Sketch]) -> list[list[Span]]:
    """Spans of each question by place, found in all questions at once.

    A span is a maximal run of characters that are likely part of a value, cut where another value begins;
    runs of characters that are only perhaps part of a value are spans of low probability.
    """
    lengths = [len(sketch.tags) for sketch in sketches]
    if not sum(lengths):
        return [[] for _ in sketches]
    value = 1 - np.concatenate([sketch.tags[:, NO_OPERATOR] for sketch in sketches]).astype(np.float64)
    begins = np.concatenate([sketch.begins for sketch in sketches]).astype(np.float64)
    firsts = np.cumsum([0, *lengths])
    starts, ends = _runs(value, begins, firsts[:-1])
    if not len(starts):
        return [[] for _ in sketches]
    # not by differences of running sums, which would depend on the questions before
    sums = np.add.reduceat(np.append(value, 0), np.stack([starts, ends], axis=1).ravel())[::2]
    means = np.clip(sums / (ends - starts), 0, 1)
    weak = value[starts] < LIKELY
    # what nothing says to begin is the rest of another value
    means[weak] *= begins[starts[weak]]
    rows = np.searchsorted(firsts, starts, side="right") - 1
    found: list[list[Span]] = [[] for _ in sketches]
    parts = (rows, starts - firsts[rows], ends - firsts[rows], means)
    for row, start, end, mean in zip(*(part.tolist() for part in parts), strict=True):
        found[row].append(Span(start, end, mean))
    return [_most(each) for each in found]


def _runs(value: np.ndarray, begins: np.ndarray, firsts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of runs of one level: likely, or weak."""
    level = (value >= LIKELY).astype(np.int8) + (value >= WEAK)
    changed = np.append(True, level[1:] != level[:-1])
    changed[firsts[firsts < len(value)]] = True
    changed |= begins >= LIKELY
    starts = np.flatnonzero(changed)
    ends = np.append(starts[1:], len(value))
    kept = level[starts] > 0
    return starts[kept], ends[kept]


def _most(found: list[Span]) -> list[Span]:
    if len(found) <= MOST_SPANS:
        return found
    return sorted(sorted(found, key=lambda span: -span.probability)[:MOST_SPANS])


def completed(
    found: Sequence[Span], passed_over: Iterable[Place], sketch: Sketch, value: np.ndarray
) -> list[Span]:
    """The likely spans; and where the network expects more conditions than there are, unlikely ones too.

    Args:
        passed_over: places where values may stand though the network says nothing of them; asked for only
            if they are needed.
        value: (n,) probability that each character is part of a value.
    """
    likely = [span for span in found if span.probability >= FAINT]
    if sketch.number[len(likely) + 1 :].sum() < FAINT:
        return likely
    spans = list(found)
    for start, end in passed_over:
        if end <= len(value) and not any(span.start < end and start < span.end for span in spans):
            spans.append(Span(start, end, max(UNSEEN, float(value[start:end].mean()))))
    return _most(sorted(spans))


def joined(found: Iterable[Span], cells: Iterable[Place], begins: np.ndarray) -> list[Span]:
    """The spans, those in one cell made one where only the first of them begins a value.

    One doubtful character in a name would else make two values of it.
    """
    spans = list(found)
    for start, end in cells:
        inside = [span for span in spans if start <= span.start and span.end <= end]
        if len(inside) > 1 and all(begins[span.start] < LIKELY for span in inside[1:]):
            whole = Span(inside[0].start, inside[-1].end, max(span.probability for span in inside))
            spans = sorted([*(span for span in spans if span not in inside), whole])
    return spans


def odds(place: Place, other: Place, value: np.ndarray) -> float:
    """How much more probable it is that a value stands at the other place, by the characters of only one.

    Args:
        value: (n,) probability that each character is part of a value.
    """
    start, end = min(place[0], other[0]), max(place[1], other[1])
    probabilities = np.clip(value[start:end], 0.02, 0.98)
    signs = np.zeros(end - start)
    signs[other[0] - start : other[1] - start] += 1
    signs[place[0] - start : place[1] - start] -= 1
    logits = np.log(probabilities / (1 - probabilities)) @ signs
    return float(np.exp(np.clip(logits, -FARTHEST, FARTHEST)))


def common(one: Place, other: Place) -> float:
    """The part of what two places cover together that both cover."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(shared, 0) / (max(one[1], other[1]) - min(one[0], other[0]) or 1)
