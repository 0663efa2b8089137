"""What the matcher reads of candidates, and what it learns of them."""

from collections.abc import Sequence

import numpy as np

from tasks.nl2sql.condition_candidates import Candidate
from tasks.nl2sql.records import Query
from tasks.nl2sql.sketch import NO_OPERATOR
from tasks.text.characters import normalise

PADDING = -1
"""Target of a candidate that is none."""
MULTIPLE = 8
"""Tables of candidates are as wide as a multiple of this, so that few widths occur."""


def operators_of(candidates: Sequence[Candidate], query: Query) -> np.ndarray:
    """(k,) int32: the operator by which a query compares each candidate's column with its value, or
    `NO_OPERATOR`.

    A value that stands among the candidates as it is labelled is that candidate alone; else all that are
    the same number, or the same text but for case and width, are it.
    """
    found = np.full(len(candidates), NO_OPERATOR, np.int32)
    for column, operator, value in query.conditions:
        own = [place for place, each in enumerate(candidates) if each.column == column]
        same = [place for place in own if candidates[place].value == value]
        if not same:
            plain = _comparable(value)
            same = [place for place in own if _comparable(candidates[place].value) == plain]
        found[same] = operator
    return found


def _comparable(value: str) -> float | str:
    plain = normalise(value).strip()
    try:
        return float(plain)
    except ValueError:
        return plain


def chosen(targets: np.ndarray, *, negatives: int, generator: np.random.Generator) -> np.ndarray:
    """Places of the candidates that are learned from this time: all right ones, and for each of them (or for
    a question without any) at most so many wrong ones, in the order given.
    """
    right, wrong = np.flatnonzero(targets != NO_OPERATOR), np.flatnonzero(targets == NO_OPERATOR)
    most = negatives * max(1, len(right))
    if len(wrong) > most:
        wrong = generator.choice(wrong, most, replace=False)
    return np.sort(np.concatenate([right, wrong]))


def table(batch: Sequence[Sequence[Candidate]], *, shift: int, longest: int) -> np.ndarray:
    """(b, k, 4) int32: column, kind, first token and the one behind the last; zeros behind a question's own.

    Args:
        shift: tokens before a question's first character.
        longest: characters read of a question; a value beyond has no place in it.
    """
    found = np.zeros((len(batch), width(batch), 4), np.int32)
    for row, own in enumerate(batch):
        for place, (column, _, kind, start, end) in enumerate(own):
            found[row, place, :2] = column, kind
            if start < end <= longest:
                found[row, place, 2:] = start + shift, end + shift
    return found


def padded_targets(batch: Sequence[np.ndarray]) -> np.ndarray:
    """(b, k) int32, `PADDING` behind a question's own."""
    found = np.full((len(batch), width(batch)), PADDING, np.int32)
    for row, own in enumerate(batch):
        found[row, : len(own)] = own
    return found


def width(batch: Sequence[Sequence[Candidate] | np.ndarray]) -> int:
    """Candidates to which a batch is padded."""
    return -(-max(1, *map(len, batch), 1) // MULTIPLE) * MULTIPLE
