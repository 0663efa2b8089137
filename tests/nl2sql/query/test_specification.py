"""Official scores of generated files against the published scorer's rules, written out once more.

A file is what the contest hands out: questions with labels, tables, a database, and a submission. Its scores
are those of the branch for Python 2; where that for Python 3 differs, a row holds one text in two types.
Sources of the rules: github.com/ZhuiyiTechnology/nl2sql_baseline (sqlnet.py, dbengine.py, utils.py).
"""

import json
import sqlite3
from contextlib import closing

import numpy as np

from tasks.nl2sql import dataset
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.scoring import correctness
from tasks.nl2sql.raw.questions import parse_query
from tests.nl2sql import written

FILES, QUESTIONS, BATCH = 200, 70, 64
AGGREGATES, OPERATORS, CONNECTORS = ("", "AVG", "MAX", "MIN", "COUNT", "SUM"), (">", "<", "==", "!="), (
    "",
    " AND ",
    " OR ",
)  # fmt: skip
TEXTS = ("甲", "乙", "a", "A", "1", "2", "10", "9.5%", "col_2", 'b"c', "")
NUMBERS = (0.0, 1.0, 2.0, 9.5, 10.0, -3.0, "9.5%", "10%", "", None)


class Drawn:
    """The files of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        types = [self.one(("text", "real")) for _ in range(4)]
        rows = [
            [self.one(TEXTS if each == "text" else NUMBERS) for each in types]
            for _ in range(self.random.integers(1, 6))
        ]
        self.table = written.table("t", dict(zip("甲乙丙丁", types, strict=True)), rows)
        self.labels = [self.query() for _ in range(QUESTIONS)]
        self.lost = {row for row in range(QUESTIONS) if self.random.random() < 0.003}

    def one(self, values):
        return values[self.random.integers(len(values))]

    def query(self):
        """Several selected columns and several conditions on one column are frequent."""
        columns = [int(self.random.integers(4)) for _ in range(self.one((1, 1, 2, 3)))]
        conditions = [self.condition() for _ in range(self.one((0, 1, 1, 2, 2, 3)))]
        connector = self.one((1, 2)) if len(conditions) > 1 else self.one((0, 0, 0, 1))
        aggregates = [self.one((0, 0, 1, 2, 3, 4, 5)) for _ in columns]
        return {"agg": aggregates, "sel": columns, "cond_conn_op": connector, "conds": conditions}

    def condition(self):
        value = self.one((*TEXTS, "5", 5, 9.5))
        return [int(self.random.integers(4)), int(self.random.integers(4)), value]

    def answer(self, label):
        """The label, often with one thing changed, as a submission may have it."""
        answer = json.loads(json.dumps(label))
        answer["conds"] = [[column, operator, str(value)] for column, operator, value in answer["conds"]]
        change = self.one(("", "", "conditions", "columns", "value", "aggregate", "other"))
        if change == "other":
            answer = self.answer(self.query())
        elif change == "conditions":
            answer["conds"].reverse()
        elif change == "columns":
            answer["sel"].reverse()
            answer["agg"].reverse()
        elif change == "value" and answer["conds"]:
            answer["conds"][0][2] = str(self.one(TEXTS))
        elif change == "aggregate":
            answer["agg"][0] = self.one(range(6))
        if len(answer["conds"]) < 2:
            answer["cond_conn_op"] = 0
        return answer


def same_form(label, answer):
    if label["cond_conn_op"] != answer["cond_conn_op"] or len(label["sel"]) != len(answer["sel"]):
        return False
    selected = [dict(zip(query["sel"], query["agg"], strict=True)) for query in (label, answer)]
    conditions = [{column: rest for column, *rest in query["conds"]} for query in (label, answer)]
    counts = len(label["conds"]) == len(answer["conds"])
    return counts and selected[0] == selected[1] and conditions[0] == conditions[1]


def result(connection, query, order):
    if query["cond_conn_op"] == 0 and len(query["conds"]) > 1:
        return "Error1"
    if not query["conds"]:
        return "Error2"
    pairs = zip(query["agg"], query["sel"], strict=True)
    select = list(dict.fromkeys(f"{AGGREGATES[code]}(col_{column + 1})" for code, column in pairs))
    where = [f'col_{column + 1} {OPERATORS[code]} "{value}"' for column, code, value in query["conds"]]
    try:
        rows = connection.execute(
            f"SELECT {','.join(select)} FROM Table_t WHERE {CONNECTORS[query['cond_conn_op']].join(where)}"
        ).fetchall()
    except sqlite3.Error:
        return "Error3"
    return [order(row) for row in rows]


def by_types(row):
    return sorted(row, key=lambda value: (0, 0) if value is None else (1 + (type(value) is str), value))


def by_text(row):
    return sorted(row, key=str)


def specified(drawn, answers, database, order):
    """(n, 2) bool: logic form and result of each question, False in batches that an exception ends."""
    right = []
    with closing(sqlite3.connect(database)) as connection:
        for label, answer in zip(drawn.labels, answers, strict=True):
            if answer is None:
                right.append([False, False])
                continue
            results = [result(connection, query, order) for query in (label, answer)]
            right.append([same_form(label, answer), results[0] == results[1]])
    lost = {row // BATCH for row, answer in enumerate(answers) if answer is None}
    return [[False, False] if row // BATCH in lost else each for row, each in enumerate(right)]


def scored(drawn, answers, folder):
    """What the project makes of the same files, read as a run reads them."""
    questions = [{"table_id": "t", "question": "？", "sql": label} for label in drawn.labels]
    part = written.Part((drawn.table,), questions)
    made = written.dataset(folder, {**written.PARTS, "val": part})
    records, tables = dataset.questions(made, "validation"), dataset.tables(made, "validation")
    parsed = [None if answer is None else parse_query(answer, 4) for answer in answers]
    return correctness(
        [record.query for record in records],
        parsed,
        [tables["t"]] * len(records),
        Executor(dataset.database(made, "validation"), tables),
        mode="official",
        given=[record.given for record in records],
    ).tolist()


def test_official_scores_of_generated_files_are_those_of_the_rules(tmp_path):
    kinds, branches_differ, lost = set(), 0, 0
    for seed in range(FILES):
        drawn, folder = Drawn(seed), tmp_path / str(seed)
        folder.mkdir()
        answers = [
            None if row in drawn.lost else drawn.answer(label) for row, label in enumerate(drawn.labels)
        ]
        database = folder / "contest.db"
        written.write_database(database, [drawn.table])
        expected = specified(drawn, answers, database, by_types)
        assert scored(drawn, answers, folder) == expected, seed
        branches_differ += expected != specified(drawn, answers, database, by_text)
        kinds |= set(map(tuple, expected))
        lost += bool(drawn.lost)
    assert len(kinds) == 4
    assert lost > 10
    assert 0 < branches_differ < FILES // 10
