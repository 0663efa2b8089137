"""Spans of a question that may be values, from the probabilities of its characters."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities
from tasks.nl2sql.linking.spans import Span, contains, overlaps
from tasks.nl2sql.sketch.labels import NO_OPERATOR

LIKELY = 0.5
"""Least probability of a character that is likely part of a value, and of a value that begins at it."""
WEAK = 0.1
"""Least probability of a character of a weak span, used where likely ones are too few."""
UNSEEN = 0.005
"""Least probability of a value at a cell or number none of whose characters is likely part of one."""
FARTHEST = 8.0
"""Bound of log odds."""
FAINT = 0.02
"""Less probable spans are used only where the network expects more conditions than there are spans."""
MOST_SPANS = 8
"""Spans of a question, the most probable; queries have 4 conditions at most."""


class ScoredSpan(NamedTuple):
    """Characters of a question that may be a value."""

    start: int
    end: int
    """Half-open."""
    probability: float
    """That these characters are a value."""


class SpanCondition(NamedTuple):
    """A condition whose value is still a span: to normalise it takes long, and few are among the best."""

    column: int
    operator: int
    start: int
    end: int
    """Half-open characters of the value."""


def find_spans(sketches: Sequence[SketchProbabilities]) -> list[list[ScoredSpan]]:
    """Spans of each question by position, computed for all questions at once.

    A span is a maximal run of characters that are likely part of a value, cut where another value begins;
    runs of characters of at least `WEAK` probability are spans of low probability.
    """
    lengths = [len(sketch.tags) for sketch in sketches]
    if not sum(lengths):
        return [[] for _ in sketches]
    in_value = 1 - np.concatenate([sketch.tags[:, NO_OPERATOR] for sketch in sketches]).astype(np.float64)
    begins = np.concatenate([sketch.begins for sketch in sketches]).astype(np.float64)
    firsts = np.cumsum([0, *lengths])
    starts, ends = _runs(in_value, begins, firsts[:-1])
    # not by differences of running sums, which would depend on the questions before
    sums = np.add.reduceat(np.append(in_value, 0), np.stack([starts, ends], axis=1).ravel())[::2]
    means = np.clip(sums / (ends - starts), 0, 1)
    weak = in_value[starts] < LIKELY
    # a weak run at whose start no value begins is the rest of another value
    means[weak] *= begins[starts[weak]]
    rows = np.searchsorted(firsts, starts, side="right") - 1
    found: list[list[ScoredSpan]] = [[] for _ in sketches]
    parts = (rows, starts - firsts[rows], ends - firsts[rows], means)
    for row, start, end, mean in zip(*(part.tolist() for part in parts), strict=True):
        found[row].append(ScoredSpan(start, end, mean))
    return [_most_probable(each) for each in found]


def _runs(in_value: np.ndarray, begins: np.ndarray, firsts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of runs of one level: likely, or weak."""
    level = (in_value >= LIKELY).astype(np.int8) + (in_value >= WEAK)
    changed = np.append(True, level[1:] != level[:-1])
    changed[firsts[firsts < len(in_value)]] = True
    changed |= begins >= LIKELY
    starts = np.flatnonzero(changed)
    ends = np.append(starts[1:], len(in_value))
    kept = level[starts] > 0
    return starts[kept], ends[kept]


def _most_probable(spans: list[ScoredSpan]) -> list[ScoredSpan]:
    """At most `MOST_SPANS`, by position."""
    return sorted(sorted(spans, key=lambda span: -span.probability)[:MOST_SPANS])


def add_unlikely_spans(
    spans: Sequence[ScoredSpan], values: Iterable[Span], sketch: SketchProbabilities, in_value: np.ndarray
) -> list[ScoredSpan]:
    """The likely spans, and unlikely ones too where the network expects more conditions.

    Args:
        values: spans of cells and numbers, which may be values though the network does not mark them;
            iterated only if they are needed.
        in_value: (n,) probability that each character is part of a value.
    """
    likely = [span for span in spans if span.probability >= FAINT]
    if sketch.number[len(likely) + 1 :].sum() < FAINT:
        return likely
    found = list(spans)
    for start, end in values:
        if end <= len(in_value) and not any(overlaps(span[:2], (start, end)) for span in found):
            found.append(ScoredSpan(start, end, max(UNSEEN, float(in_value[start:end].mean()))))
    return _most_probable(sorted(found))


def join_within_cells(
    spans: Iterable[ScoredSpan], cells: Iterable[Span], begins: np.ndarray
) -> list[ScoredSpan]:
    """The spans, those in one cell joined where only the first of them begins a value.

    Otherwise one doubtful character in a name would make two values of it.
    """
    found = list(spans)
    for cell in cells:
        inside = [span for span in found if contains(cell, span[:2])]
        if len(inside) > 1 and all(begins[span.start] < LIKELY for span in inside[1:]):
            whole = ScoredSpan(inside[0].start, inside[-1].end, max(span.probability for span in inside))
            found = sorted([*(span for span in found if span not in inside), whole])
    return found


def relative_odds(span: Span, other: Span, in_value: np.ndarray) -> float:
    """How much more probable the other span is as a value, by the characters that only one of them has.

    `in_value` (n,) is the probability that each character is part of a value.
    """
    start, end = min(span[0], other[0]), max(span[1], other[1])
    probabilities = np.clip(in_value[start:end], 0.02, 0.98)
    signs = np.zeros(end - start)
    signs[other[0] - start : other[1] - start] += 1
    signs[span[0] - start : span[1] - start] -= 1
    logits = np.log(probabilities / (1 - probabilities)) @ signs
    return float(np.exp(np.clip(logits, -FARTHEST, FARTHEST)))
