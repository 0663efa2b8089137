"""Questions as the two stages take them: read for the sketch, with candidates for the matcher."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasks.nl2sql import condition_candidates, matcher_inputs, reading
from tasks.nl2sql.condition_candidates import Candidate, candidates
from tasks.nl2sql.config import Matcher
from tasks.nl2sql.reading import Example
from tasks.nl2sql.records import Table
from tasks.text.reading import Reader

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
    """(k,) int32, as `matcher_inputs.operators_of` gives them; empty for a question without a query."""


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
    operators = np.zeros(0, np.int32) if query is None else matcher_inputs.operators_of(own, query)
    return Asked(example, tuple(own), operators)


def shuffled(given: Asked, order: np.ndarray) -> Asked:
    """The same question of a table whose columns stand in another order: column i is the former order[i]."""
    place = np.argsort(order).tolist()
    moved = tuple(each._replace(column=place[each.column]) for each in given.candidates)
    return Asked(reading.shuffled(given.example, order), moved, given.operators)


def with_some(given: Asked, *, negatives: int, generator: np.random.Generator) -> Asked:
    """The same question with its right candidates and some drawn of the wrong ones."""
    kept = matcher_inputs.chosen(given.operators, negatives=negatives, generator=generator)
    own = tuple(given.candidates[place] for place in kept)
    return Asked(given.example, own, given.operators[kept])


def inputs(batch: Sequence[Asked], reader: Reader) -> dict[str, np.ndarray]:
    """What the network of `tasks.nl2sql.two_stage_network` takes."""
    given = [each.candidates for each in batch]
    table = matcher_inputs.table(given, shift=SHIFT, longest=reader.longest)
    return {**reading.inputs([each.example for each in batch], reader), "candidates": table}


def targets(batch: Sequence[Asked], *, longest: int) -> dict[str, np.ndarray]:
    """What its outputs should be, by their names."""
    of_sketch = reading.targets([each.example for each in batch], longest=longest)
    found = {name: of_sketch[name] for name in OF_COLUMNS}
    return {**found, CONDITIONS: matcher_inputs.padded_targets([each.operators for each in batch])}
