"""Queries as JSON and in canonical form."""

from typing import Any

from tasks.nl2sql.query.schema import NONE, Condition, Query


def from_json(value: dict[str, Any]) -> Query:
    """The query that `to_json` gave; nothing is checked."""
    select = tuple(zip(value["sel"], value["agg"], strict=True))
    return Query(select, value["cond_conn_op"], tuple(Condition(*each) for each in value["conds"]))


def to_json(query: Query) -> dict[str, Any]:
    """`{"agg", "sel", "cond_conn_op", "conds"}`, as the competition writes a query."""
    return {
        "agg": [aggregate for _, aggregate in query.select],
        "sel": [column for column, _ in query.select],
        "cond_conn_op": query.connector,
        "conds": [list(condition) for condition in query.conditions],
    }


def canonical(query: Query) -> Query:
    """The query with selection and conditions sorted, and without a connector where none is needed."""
    conditions = tuple(sorted(query.conditions))
    connector = query.connector if len(conditions) > 1 else NONE
    return Query(tuple(sorted(query.select)), connector, conditions)
