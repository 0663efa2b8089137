"""Questions as the two stages take them: read for the sketch, with candidates for the matcher."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.config import Matcher
from tasks.nl2sql.decoding.sketch_outputs import NO_OPERATOR
from tasks.nl2sql.query.schema import Query, Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import Example
from tasks.nl2sql.two_stage import candidates as condition_candidates
from tasks.nl2sql.two_stage.candidates import Candidate, candidates
from tasks.text.normalisation import normalise
from tasks.text.tokenization import Reader

# FOLDED from tasks/nl2sql/py
# What the matcher reads of candidates, and what it learns of them.
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


def candidate_table(batch: Sequence[Sequence[Candidate]], *, shift: int, longest: int) -> np.ndarray:
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


OF_COLUMNS = ("connector", "number", "select", "operators")
"""Outputs of the first stage; what the sketch says of characters is the matcher's to find."""
CONDITIONS = "conditions"
"""Output of the second stage."""
SHIFT = 1
"""Tokens before the first character of a question."""


class Asked(NamedTuple):
    """One question with the conditions that it may state."""

    example: Example
    candidates: tuple[Candidate, ...]
    operators: np.ndarray
    """(k,) int32, as `operators_of` gives them; empty for a question without a query."""


def asked(examples: Sequence[Example], tables: Mapping[str, Table], settings: Matcher) -> list[Asked]:
    """Examples in the order given; with `share_candidates`, they tell one another what they have found."""
    questions = [each.question for each in examples]
    found = [
        candidates(question.text, tables[question.table], most=settings.candidates) for question in questions
    ]
    if settings.share_candidates:
        found = condition_candidates.shared(questions, found, most=settings.candidates)
    return [_asked(example, own) for example, own in zip(examples, found, strict=True)]


def _asked(example: Example, own: Sequence[Candidate]) -> Asked:
    query = example.question.query
    operators = np.zeros(0, np.int32) if query is None else operators_of(own, query)
    return Asked(example, tuple(own), operators)


def shuffled(given: Asked, order: np.ndarray) -> Asked:
    """The same question of a table whose columns stand in another order: column i is the former order[i]."""
    place = np.argsort(order).tolist()
    moved = tuple(each._replace(column=place[each.column]) for each in given.candidates)
    return Asked(features.shuffled(given.example, order), moved, given.operators)


def with_some(given: Asked, *, negatives: int, generator: np.random.Generator) -> Asked:
    """The same question with its right candidates and some drawn of the wrong ones."""
    kept = chosen(given.operators, negatives=negatives, generator=generator)
    own = tuple(given.candidates[place] for place in kept)
    return Asked(given.example, own, given.operators[kept])


def inputs(batch: Sequence[Asked], reader: Reader) -> dict[str, np.ndarray]:
    """What the network of `tasks.nl2sql.two_stage.network` takes."""
    given = [each.candidates for each in batch]
    table = candidate_table(given, shift=SHIFT, longest=reader.longest)
    return {**features.inputs([each.example for each in batch], reader), "candidates": table}


def targets(batch: Sequence[Asked], *, longest: int) -> dict[str, np.ndarray]:
    """What its outputs should be, by their names."""
    of_sketch = features.targets([each.example for each in batch], longest=longest)
    found = {name: of_sketch[name] for name in OF_COLUMNS}
    return {**found, CONDITIONS: padded_targets([each.operators for each in batch])}
