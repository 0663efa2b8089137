"""Sections of the report on single mistakes: question, label, answer, and the table's columns concerned."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tasks.core.report import page
from tasks.core.report.page import Block, Section, Text
from tasks.nl2sql.analysis.breakdown import TOGETHER
from tasks.nl2sql.analysis.evaluation import Outcome
from tasks.nl2sql.query.execution import Failure
from tasks.nl2sql.query.schema import AGGREGATES, OPERATORS, Cell, Condition, Query, Table
from tasks.nl2sql.query.scoring import SUBTASKS
from tasks.nl2sql.query.sql import readable
from tasks.text.validation.json_lines import printable

SHOWN = 15
ALIKE = 2
"""Most mistakes shown of one table with the same parts wrong."""
LONGEST_QUESTION = 300
LONGEST_QUERY = 400
FOUND = 3
"""Rows that are shown of what a query finds."""
LONGEST_CELLS = 60
FAILURES: dict[Failure, str] = {
    "invalid": "no query of this table",
    "refused": "refused by SQLite",
    "time": "too slow",
    "rows": "too many rows",
}


def mistakes(outcome: Outcome) -> Section:
    """The surest answers that are wrong in logic form and in what they find."""
    chosen = varied(surest(outcome, (False, False)), outcome)
    text = (
        "Answers that the blend was surest of, though neither logic form nor result is right; of one table "
        f"at most {ALIKE} with the same parts wrong. Look for wrong labels, too."
    )
    return _section("Surest mistakes", text, chosen, outcome)


def other_ways(outcome: Outcome) -> Section:
    """The surest answers that find what the label finds in another way."""
    chosen = varied(surest(outcome, (False, True)), outcome)[: SHOWN // 3]
    number = int(np.count_nonzero(~outcome.strict[:, 0] & outcome.strict[:, 1]))
    text = (
        f"{number:,} answers find the same as the label by another logic form; the surest are shown. Some "
        "find it by chance, others are as good as the label."
    )
    return _section("The same found otherwise", text, chosen, outcome)


def certainty(outcome: Outcome, row: int) -> float:
    """The best score of a question's candidates; 0 without any."""
    start, end = outcome.values.frame.starts[row : row + 2]
    return float(outcome.values.scores[start:end].max(initial=0.0))


def surest(outcome: Outcome, verdict: tuple[bool, bool]) -> list[int]:
    """Rows of the answers with this verdict, the surest first."""
    rows: list[int] = np.flatnonzero((outcome.strict == verdict).all(axis=1)).tolist()
    return sorted(rows, key=lambda row: -certainty(outcome, row))


def varied(rows: Iterable[int], outcome: Outcome) -> list[int]:
    """The first rows, without too many that are alike."""
    seen: Counter[tuple[str, str]] = Counter()
    chosen: list[int] = []
    for row in rows:
        like = (outcome.questions[row].table, differing(outcome, row))
        seen[like] += 1
        if seen[like] <= ALIKE and len(chosen) < SHOWN:
            chosen.append(row)
    return chosen


def differing(outcome: Outcome, row: int) -> str:
    """The parts of a wrong answer that are wrong."""
    wrong = [name for name, right in zip(SUBTASKS, outcome.parts[row], strict=True) if not right]
    return ", ".join(wrong) or f"parts are right, but wrongly {TOGETHER}"


def _section(title: str, text: str, rows: Sequence[int], outcome: Outcome) -> Section:
    blocks = [block for number, row in enumerate(rows, 1) for block in _mistake(outcome, row, number)]
    return Section(title, [Text(text), *blocks] if blocks else [])


def _mistake(outcome: Outcome, row: int, number: int) -> Iterator[Block]:
    """The question; what label and answer say and find; the columns of the table that they speak of."""
    question, table = outcome.questions[row], outcome.tables[row]
    gold, answer = outcome.gold[row], outcome.answers[row]
    lines = [
        [side, printable(readable(query, table), longest=LONGEST_QUERY), finds(outcome, row, query)]
        for side, query in (("labelled", gold), ("answered", answer))
    ]
    wrong = f"{question.id}, score {certainty(outcome, row):.2f}. Wrong: {differing(outcome, row)}."
    yield Text(f"{number}. {printable(question.text, longest=LONGEST_QUESTION)}")
    yield page.Table(["", "query", "finds"], lines, wrong)
    yield excerpt(table, gold, answer)


def finds(outcome: Outcome, row: int, query: Query) -> str:
    """The first cells of what a query finds, or why it finds none."""
    result = outcome.executor.run(outcome.tables[row].id, query)
    if result.error:
        return f"fails: {FAILURES[result.error]}"
    if not result.rows:
        return "no row"
    shown = [
        "; ".join("NULL" if cell is None else str(cell) for cell in cells) for cells in result.rows[:FOUND]
    ]
    more = f" … {len(result.rows):,} rows" if len(result.rows) > FOUND else ""
    return ", ".join(printable(each, longest=LONGEST_CELLS) for each in shown) + more


# FOLDED from tasks/nl2sql/excerpts.py
# The columns of a table that a label or an answer speaks of, with what either says and a few cells.
ROWS = 2
"""Of the table, from its beginning."""
OTHERS = 3
"""Most columns that neither query speaks of, for the reader to see what the table is about."""
LONGEST = 40
"""Characters of a heading, a cell or a value."""
EMPTY = "(empty)"


def excerpt(table: Table, gold: Query, answer: Query) -> page.Table:
    """A line for each column concerned, in the table's order; then the first few others."""
    told = {column for query in (gold, answer) for column in _columns(query)}
    concerned = [column for column in range(len(table.header)) if column in told]
    others = [column for column in range(len(table.header)) if column not in told]
    rows = [_row(table, column, gold, answer) for column in [*concerned, *others[:OTHERS]]]
    columns = ["column", "type", "labelled", "answered", *(f"row {row}" for row in range(1, ROWS + 1))]
    title = printable(table.title, longest=LONGEST) or "Without title"
    size = f"{len(table.rows):,} rows, {len(table.header):,} columns"
    return page.Table(columns, rows, f"{title}: {size}.")


def _columns(query: Query) -> Iterable[int]:
    return [column for column, _ in query.select] + [each.column for each in query.conditions]


def _row(table: Table, column: int, gold: Query, answer: Query) -> list[object]:
    cells: list[Cell] = [row[column] for row in table.rows[:ROWS]]
    shown = [_cell(cell) for cell in cells] + [""] * (ROWS - len(cells))
    heading = printable(table.header[column], longest=LONGEST) or EMPTY
    return [heading, table.types[column], said(gold, column), said(answer, column), *shown]


def said(query: Query, column: int) -> str:
    """What a query says of a column."""
    selected = [f"select {AGGREGATES[aggregate]}".strip() for own, aggregate in query.select if own == column]
    return "; ".join(selected + [_condition(each) for each in query.conditions if each.column == column])


def _condition(condition: Condition) -> str:
    return f"{OPERATORS[condition.operator]} {printable(condition.value, longest=LONGEST) or EMPTY}"


def _cell(cell: Cell) -> str:
    """As text, for a column of the excerpt has cells of many types."""
    return printable("" if cell is None else str(cell), longest=LONGEST)
