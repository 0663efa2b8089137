"""Inputs and targets of two-stage networks: those of the sketch, and candidate conditions for the matcher."""

import math
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.config import Matcher
from tasks.nl2sql.linking.plain_numbers import plain_number
from tasks.nl2sql.query.schema import Query, Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.labels import IGNORED, NO_OPERATOR
from tasks.nl2sql.sketch.padding import PaddedShape, QuestionSizes
from tasks.nl2sql.two_stage.candidates import ConditionCandidate, find_candidates, share_candidates
from tasks.text.normalisation import normalise
from tasks.text.tokenization import Tokenizer

OF_COLUMNS = ("connector", "number", "select", "operators")
"""Outputs of the first stage; the sketch's outputs by character are replaced by the matcher."""
CONDITIONS = "conditions"
"""Output of the second stage."""
MULTIPLE = 8
"""The number of candidates in a batch is padded to a multiple of this, so that few shapes occur."""


class Channel(IntEnum):
    """Channels of the array of candidates."""

    COLUMN = 0
    KIND = 1
    """A `CandidateKind`, or 0 for padding."""
    START = 2
    """First token of the value."""
    END = 3
    """The token behind the last; equal to the first where the value is not in the question."""


class TwoStageExample(NamedTuple):
    """One question with the conditions that it may state."""

    example: SketchExample
    candidates: tuple[ConditionCandidate, ...]
    operators: np.ndarray
    """(k,) int32, as `operators_of` gives them; empty for a question without a query."""


def two_stage_examples(
    examples: Sequence[SketchExample], tables: Mapping[str, Table], settings: Matcher
) -> list[TwoStageExample]:
    """Examples in the order given; with `share_candidates`, questions of one table share their candidates."""
    questions, most = [each.question for each in examples], settings.candidates
    found = [find_candidates(each.text, tables[each.table], most=most) for each in questions]
    if settings.share_candidates:
        found = share_candidates(questions, found, most=most)
    return [
        TwoStageExample(example, tuple(candidates), operators_of(candidates, example.question.query))
        for example, candidates in zip(examples, found, strict=True)
    ]


def operators_of(candidates: Sequence[ConditionCandidate], query: Query | None) -> np.ndarray:
    """(k,) int32: the operator by which a query compares each candidate's column with its value, or
    `NO_OPERATOR`; empty without a query.

    If a candidate has exactly the labelled value, only that one is labelled; else all that are the same
    number, or the same text but for case and width.
    """
    if query is None:
        return np.zeros(0, np.int32)
    operators = np.full(len(candidates), NO_OPERATOR, np.int32)
    for column, operator, value in query.conditions:
        of_column = [place for place, each in enumerate(candidates) if each.column == column]
        same = [place for place in of_column if candidates[place].value == value]
        if not same:
            plain = _comparable(value)
            same = [place for place in of_column if _comparable(candidates[place].value) == plain]
        operators[same] = operator
    return operators


def _comparable(value: str) -> float | str:
    plain = normalise(value).strip()
    number = math.nan if plain.endswith("%") else plain_number(plain)
    return plain if math.isnan(number) else number


def reorder_columns(example: TwoStageExample, order: np.ndarray) -> TwoStageExample:
    """The same question with the table's columns in another order: column i is the former order[i]."""
    place = np.argsort(order).tolist()
    moved = tuple(each._replace(column=place[each.column]) for each in example.candidates)
    return TwoStageExample(features.reorder_columns(example.example, order), moved, example.operators)


def choose_candidates(operators: np.ndarray, *, negatives: int, generator: np.random.Generator) -> np.ndarray:
    """Indices of the right candidates, and for each of them (or for a question without any) of at most so
    many wrong ones, ascending.
    """
    right, wrong = np.flatnonzero(operators != NO_OPERATOR), np.flatnonzero(operators == NO_OPERATOR)
    most = chosen_count(operators, negatives=negatives) - len(right)
    if len(wrong) > most:
        wrong = generator.choice(wrong, most, replace=False)
    return np.sort(np.concatenate([right, wrong]))


def chosen_count(operators: np.ndarray, *, negatives: int) -> int:
    """The number of candidates that `choose_candidates` chooses."""
    right = int(np.count_nonzero(operators != NO_OPERATOR))
    return min(len(operators), right + negatives * max(1, right))


def sizes_of(example: TwoStageExample, tokenizer: Tokenizer) -> QuestionSizes:
    """Sizes of an example with all its columns and candidates."""
    sizes = features.sizes_of(example.example, tokenizer)
    return sizes._replace(candidates=len(example.candidates))


def inputs(
    batch: Sequence[TwoStageExample], tokenizer: Tokenizer, size: PaddedShape | None = None
) -> dict[str, np.ndarray]:
    """Inputs of the network of `tasks.nl2sql.two_stage.network`.

    Args:
        size: to which they are padded; None for the least that holds them all.
    """
    count = size.candidates if size else 0
    candidates = candidate_array([each.candidates for each in batch], longest=tokenizer.longest, count=count)
    of_sketch = features.inputs([each.example for each in batch], tokenizer, size)
    return {**of_sketch, "candidates": candidates}


def candidate_array(
    batch: Sequence[Sequence[ConditionCandidate]], *, longest: int, count: int = 0
) -> np.ndarray:
    """(b, k, 4) int32 with the channels of `Channel`; zeros at padding. `count` is the least k.

    A value beyond the `longest` characters that are read of a question has an empty span.
    """
    array = np.zeros((len(batch), _padded_count(batch, count), len(Channel)), np.int32)
    for row, candidates in enumerate(batch):
        for place, (column, _, kind, start, end) in enumerate(candidates):
            array[row, place, : Channel.START] = column, kind
            if start < end <= longest:
                # one token comes before the first character
                array[row, place, Channel.START :] = start + 1, end + 1
    return array


def targets(batch: Sequence[TwoStageExample], size: PaddedShape) -> dict[str, np.ndarray]:
    """Targets by the names of the network's outputs."""
    of_sketch = features.targets([each.example for each in batch], size)
    operators = padded_operators([each.operators for each in batch], count=size.candidates)
    return {name: of_sketch[name] for name in OF_COLUMNS} | {CONDITIONS: operators}


def padded_operators(batch: Sequence[np.ndarray], *, count: int = 0) -> np.ndarray:
    """(b, k) int32, `IGNORED` at padding; `count` is the least k.

    >>> padded_operators([np.array([2, 4])]).tolist()
    [[2, 4, -1, -1, -1, -1, -1, -1]]
    """
    array = np.full((len(batch), _padded_count(batch, count)), IGNORED, np.int32)
    for row, operators in enumerate(batch):
        array[row, : len(operators)] = operators
    return array


def _padded_count(batch: Sequence[Sequence[ConditionCandidate] | np.ndarray], least: int) -> int:
    """Candidates to which a batch is padded."""
    return -(-max([1, least, *map(len, batch)]) // MULTIPLE) * MULTIPLE
