"""Decoding where little is known: of guessing networks, of odd questions and tables; and of labels."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasks.learning.ensemble.candidates import key
from tasks.nl2sql.config import Decoding
from tasks.nl2sql.decoding.query_search import decode
from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Question, Table, canonical, from_json, to_json
from tests.nl2sql.sketches import drawn, sketch
from tests.nl2sql.tiny import TABLE, executor, query
from tests.nl2sql.usual_factors import USUAL


def empty(columns: int, rows: int = 0, type: str = "text") -> Table:
    header = tuple(f"列{place}" for place in range(columns))
    return Table("t", "t", "", header, (type,) * columns, ((None,) * columns,) * rows)


SMALL = {
    "one column": empty(1),
    "one number": empty(1, type="real"),
    "empty cells": empty(3, rows=2),
    "200 columns": empty(200, rows=1),
}
FIELDS = SketchProbabilities._fields
HOSTILE = ["", "?", " ", "\0", "12%", "'; DROP TABLE t; --\"", "😀" * 40, "\ud800", "一亿二千万" * 30]


def candidates(text: str, made: SketchProbabilities, table: Table, run: Executor) -> list[dict[str, float]]:
    asked = [Question("", text, table.id, None)]
    return decode([made], asked, {table.id: table}, run, settings=Decoding(), factors=USUAL).records()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("case", SMALL)
def test_small_tables_and_odd_questions_have_candidates(tmp_path, case, text):
    table = SMALL[case]
    for seed in range(3):
        made = drawn(len(text), len(table.header), seed=seed)
        (record,) = candidates(text, made, table, executor(tmp_path / str(seed), table))
        assert record


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "parts", [*((name,) for name in SketchProbabilities._fields), SketchProbabilities._fields]
)
def test_networks_that_have_diverged_have_candidates(tmp_path, parts, value):
    text = "临江1月的单价"
    made = drawn(len(text), len(TABLE.header))
    nothing = {name: np.full_like(getattr(made, name), value) for name in parts}
    (record,) = candidates(text, made._replace(**nothing), TABLE, executor(tmp_path, TABLE))
    assert record
    assert all(0 < score <= 1 for score in record.values())


def test_what_is_known_of_a_diverged_network_is_kept():
    text = "临江的单价"
    label = query("2 | 0==临江")
    made = sketch(text, label, TABLE)
    made.select[1:4:2] = np.nan
    (record,) = decode(
        [made],
        [Question("", text, TABLE.id, None)],
        {TABLE.id: TABLE},
        None,
        settings=Decoding(),
        factors=USUAL,
    ).records()
    assert next(iter(record)) == key(to_json(label))


REAL = Path(__file__).parents[4] / "shared" / "data" / "nl2sql" / "val"


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the competition's own data")
def test_factors_do_not_keep_a_sure_network_from_the_labels():
    tables = {}
    for line in (REAL / "val.tables.json").read_text("utf-8").splitlines():
        value = json.loads(line)
        rows = tuple(map(tuple, value["rows"]))
        tables[value["id"]] = Table(
            value["id"], value["name"], "", *map(tuple, (value["header"], value["types"])), rows
        )
    values = [json.loads(line) for line in (REAL / "val.json").read_text("utf-8").splitlines()[::10]]
    labels = [from_json(value["sql"]) for value in values]
    asked = [Question("", value["question"], value["table_id"], None) for value in values]
    sketches = [sketch(q.text, label, tables[q.table]) for q, label in zip(asked, labels, strict=True)]
    records = decode(sketches, asked, tables, None, settings=Decoding(), factors=USUAL).records()
    assert [next(iter(record)) for record in records] == [key(to_json(canonical(label))) for label in labels]
