"""The parts of a query as outputs of a network: selections, connector, conditions and their values."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tasks.nl2sql.linking.spans import Span
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, OPERATORS, Query, Table

Shapes = Mapping[str, tuple[int, ...]]
"""Of one question's outputs, by name."""
Arrays = dict[str, np.ndarray]


class QueryPart(NamedTuple):
    """One part of a query, and what it is in a network's outputs."""

    name: str
    choice: Arrays
    """By name of an output the weights of log-probabilities, of one question's shape; they sum to 1."""


def query_parts(
    query: Query,
    text: str,
    table: Table,
    shapes: Shapes,
    *,
    candidates: Sequence[tuple[int, str]] = (),
) -> list[QueryPart]:
    """The parts of a query that a network of these outputs decides.

    Args:
        candidates: column and value of each of a two-stage network, in the order of its output.
    """
    make = _Choices(shapes)
    parts = [
        QueryPart(
            f"select {_named(table, column, AGGREGATES[aggregate])}",
            make.at([("select", (column, aggregate))]),
        )
        for column, aggregate in query.select
    ]
    if query.connector:
        parts.append(
            QueryPart(f"{CONNECTORS[query.connector]}", make.at([("connector", (query.connector,))]))
        )
    spans = align_values(query.conditions, text, table)
    for condition, span in zip(query.conditions, spans, strict=True):
        column, operator, value = condition
        name = f"{table.header[column]} {OPERATORS[operator]} {value}"
        place = next((n for n, each in enumerate(candidates) if each == (column, value)), None)
        if "conditions" in shapes:
            if place is not None:
                parts.append(QueryPart(f"where {name}", make.at([("conditions", (place, operator))])))
            continue
        if "operators" in shapes:
            of_column = f"where {table.header[column]} {OPERATORS[operator]}"
            parts.append(QueryPart(of_column, make.at([("operators", (column, operator))])))
        if span is not None and (cells := _value_cells(span, column, operator, shapes)):
            parts.append(QueryPart(f"value of {name}", make.at(cells)))
    return parts


def score(outputs: dict[str, Any], chosen: dict[str, Any]) -> Any:
    """(s,) the geometric mean of the probabilities that a choice names, by their weights."""
    from keras import ops

    total: Any = 0.0
    for name in sorted(chosen):
        logits = ops.cast(outputs[name], "float32")
        axes = tuple(range(1, len(logits.shape)))
        total = total + ops.sum(ops.log_softmax(logits, axis=-1) * chosen[name], axis=axes)
    return ops.exp(total)


def _value_cells(span: Span, column: int, operator: int, shapes: Shapes) -> list[tuple[str, tuple[int, ...]]]:
    """The operator of each character of a value, and its column; empty where they are not read."""
    tokens = [token for token in range(span[0] + 1, span[1] + 1) if token < shapes["tags"][0] - 1]
    return [cell for token in tokens for cell in (("tags", (token, operator)), ("column", (token, column)))]


class _Choices:
    """Makes choices of one shape each, whatever they choose: JAX compiles for every shape."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def at(self, cells: Sequence[tuple[str, tuple[int, ...]]]) -> Arrays:
        weights = {name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()}
        for name, place in cells:
            weights[name][place] += 1 / len(cells)
        return weights


def _named(table: Table, column: int, function: str) -> str:
    name = table.header[column]
    return f"{function}({name})" if function else name
