"""From the weights of a network's inputs to those of the characters of a question and its table's header."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tasks.learning.attribution.explanations import Characters
from tasks.nl2sql.linking.match_features import ColumnFeature
from tasks.nl2sql.sketch.features import SketchExample
from tasks.text.attribution import NAMES, characters_of, without_tokens
from tasks.text.tokenization import Tokenizer

Arrays = dict[str, np.ndarray]

MATCHES = ("pairs", "columns")
"""Inputs that say how the question matches names and cells of the columns."""
AS_A_WHOLE = "≈"
"""Stands behind a column's name for how the column as a whole matches the question."""
BETWEEN = " · "


def blank(inputs: Arrays, tokenizer: Tokenizer) -> Arrays:
    """The inputs of a question without its characters, names of columns, and matches of both.

    What a column holds, such as numbers, stays.
    """
    found = without_tokens(inputs, tokenizer)
    if "pairs" in inputs:
        found["pairs"] = np.zeros_like(inputs["pairs"])
        found["columns"] = inputs["columns"].copy()
        found["columns"][..., ColumnFeature.BEST_SHARE :] = 0
    return found


def tile(inputs: Arrays, count: int) -> Arrays:
    """A batch of copies of one question; names of columns, which a batch shares, are copied too."""
    found = {name: np.concatenate([each] * count) for name, each in inputs.items()}
    if "name" in inputs:
        names = len(inputs["names_characters"])
        found["name"] = np.concatenate([inputs["name"] + names * copy for copy in range(count)])
    return found


def texts(
    example: SketchExample, inputs: Arrays, weights: Mapping[str, np.ndarray]
) -> tuple[Characters, ...]:
    """The question and the names of the columns with their weights."""
    tokens = np.sum([weights[name][0] for name in ("characters", "vectors") if name in weights], axis=0)
    question = tokens[1 : 1 + example.length].copy()
    if "pairs" in weights:
        question += weights["pairs"][0].sum(axis=0)[1 : 1 + example.length]
    of_names = _of_names(example, inputs, weights, tokens)
    header = Characters(f"columns, {AS_A_WHOLE} as a whole" if "columns" in weights else "columns", [], [])
    for column, name in enumerate(example.names):
        shown = characters_of(name, of_names[column], name="")
        header.tokens.extend([*([BETWEEN] if column else []), *shown.tokens])
        header.weights.extend([*([0.0] if column else []), *shown.weights])
        if "columns" in weights:
            header.tokens.append(AS_A_WHOLE)
            header.weights.append(round(float(weights["columns"][0, column]), 6))
    return characters_of(example.question.text, question, name="question"), header


def _of_names(
    example: SketchExample, inputs: Arrays, weights: Mapping[str, np.ndarray], tokens: np.ndarray
) -> list[np.ndarray]:
    """For each column the weights of the characters of its name, as far as they were read."""
    columns = range(len(example.names))
    if "name" in inputs:
        by_name = np.sum([each for name, each in weights.items() if name.startswith(NAMES)], axis=0)
        rows = inputs["name"][0]
        used = np.bincount(rows[: len(example.names)], minlength=len(by_name))
        return [by_name[rows[column]][1:] / used[rows[column]] for column in columns]
    if "part" in inputs:
        return [tokens[inputs["part"][0] == 1 + column][:-1] for column in columns]
    starts: Any = [np.flatnonzero(inputs["headers"][0] == 1 + column) for column in columns]
    ends = [*(int(each[0]) for each in starts[1:] if len(each)), len(tokens)]
    found = []
    for column in columns:
        start = int(starts[column][0]) if len(starts[column]) else len(tokens)
        end = min((each for each in ends if each > start), default=len(tokens))
        found.append(tokens[start + 1 : min(end, start + 1 + len(example.names[column]))])
    return found
