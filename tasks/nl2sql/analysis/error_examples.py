"""Sections with examples of wrong answers: question, label, answer, and the columns they use."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tasks.core.report import page
from tasks.core.report.page import Block, Section, Text
from tasks.nl2sql.analysis.breakdown import COMBINATION
from tasks.nl2sql.analysis.evaluation import EvaluatedPart
from tasks.nl2sql.query.execution import Failure
from tasks.nl2sql.query.schema import AGGREGATES, OPERATORS, Cell, Query, Table
from tasks.nl2sql.query.scoring import SUBTASKS
from tasks.nl2sql.query.sql import readable
from tasks.text.validation.json_lines import printable

MOST_EXAMPLES = 15
MOST_SIMILAR = 2
"""Most examples of one table with the same parts wrong."""
LONGEST_QUESTION = 300
LONGEST_QUERY = 400
RESULT_ROWS = 3
LONGEST_RESULT_ROW = 60
FAILURES: dict[Failure, str] = {
    "invalid": "does not fit the table",
    "refused": "refused by SQLite",
    "time": "too slow",
    "rows": "too many rows",
}
TABLE_ROWS = 2
"""Rows of the table in an excerpt, from its beginning."""
OTHER_COLUMNS = 3
"""Most columns in an excerpt that neither query uses, to show what the table is about."""
LONGEST_CELL = 40
"""Characters of a heading, a cell or a value."""
EMPTY = "(empty)"


def errors(part: EvaluatedPart) -> Section:
    """The answers of the highest scores that are wrong in logic form and in their result."""
    chosen = varied(most_confident(part, (False, False)), part)
    text = (
        "The answers with the highest scores of which neither logic form nor result is right; of one table "
        f"at most {MOST_SIMILAR} with the same parts wrong. Some of the labels may be wrong."
    )
    return _section("Most confident errors", text, chosen, part)


def equal_results(part: EvaluatedPart) -> Section:
    """The answers of the highest scores that have the label's result by another query."""
    chosen = varied(most_confident(part, (False, True)), part)[: MOST_EXAMPLES // 3]
    number = int(np.count_nonzero(~part.strict[:, 0] & part.strict[:, 1]))
    text = (
        f"{number:,} answers have the label's result by another logic form; those with the highest scores "
        "are shown. Some have it by chance, others are as good as the label."
    )
    return _section("Same result by another query", text, chosen, part)


def confidence(part: EvaluatedPart, row: int) -> float:
    """The best score of a question's candidates; 0 without any."""
    start, end = part.values.frame.starts[row : row + 2]
    return float(part.values.scores[start:end].max(initial=0.0))


def most_confident(part: EvaluatedPart, correctness: tuple[bool, bool]) -> list[int]:
    """Rows of the answers with this correctness, by falling confidence."""
    rows: list[int] = np.flatnonzero((part.strict == correctness).all(axis=1)).tolist()
    return sorted(rows, key=lambda row: -confidence(part, row))


def varied(rows: Iterable[int], part: EvaluatedPart) -> list[int]:
    """The first rows, at most `MOST_SIMILAR` of one table with the same parts wrong."""
    seen: Counter[tuple[str, str]] = Counter()
    chosen: list[int] = []
    for row in rows:
        similar = (part.questions[row].table, wrong_parts(part, row))
        seen[similar] += 1
        if seen[similar] <= MOST_SIMILAR and len(chosen) < MOST_EXAMPLES:
            chosen.append(row)
    return chosen


def wrong_parts(part: EvaluatedPart, row: int) -> str:
    """The parts of a wrong answer that are wrong."""
    wrong = [name for name, right in zip(SUBTASKS, part.parts[row], strict=True) if not right]
    return ", ".join(wrong) or COMBINATION


def _section(title: str, text: str, rows: Sequence[int], part: EvaluatedPart) -> Section:
    blocks = [block for number, row in enumerate(rows, 1) for block in _example(part, row, number)]
    return Section(title, [Text(text), *blocks] if blocks else [])


def _example(part: EvaluatedPart, row: int, number: int) -> Iterator[Block]:
    """The question; label and answer with their results; the columns that they use."""
    question, table = part.questions[row], part.tables[row]
    gold, answer = part.gold[row], part.answers[row]
    lines = [
        [side, printable(readable(query, table), longest=LONGEST_QUERY), result_text(part, row, query)]
        for side, query in (("labelled", gold), ("answered", answer))
    ]
    wrong = f"{question.id}, score {confidence(part, row):.2f}. Wrong: {wrong_parts(part, row)}."
    yield Text(f"{number}. {printable(question.text, longest=LONGEST_QUESTION)}")
    yield page.TableBlock(["", "query", "result"], lines, wrong)
    yield excerpt(table, gold, answer)


def result_text(part: EvaluatedPart, row: int, query: Query) -> str:
    """The first rows of a query's result, or why it fails."""
    result = part.executor.run(part.tables[row].id, query)
    if result.error:
        return f"fails: {FAILURES[result.error]}"
    if not result.rows:
        return "no row"
    texts = ([_text(cell, empty="NULL") for cell in cells] for cells in result.rows[:RESULT_ROWS])
    more = f" … {len(result.rows):,} rows" if len(result.rows) > RESULT_ROWS else ""
    return ", ".join(printable("; ".join(row), longest=LONGEST_RESULT_ROW) for row in texts) + more


def excerpt(table: Table, gold: Query, answer: Query) -> page.TableBlock:
    """A line for each column that label or answer uses, in the table's order; then the first few others."""
    used = sorted(gold.columns | answer.columns)
    others = [column for column in range(len(table.header)) if column not in used]
    rows = [_excerpt_line(table, column, gold, answer) for column in [*used, *others[:OTHER_COLUMNS]]]
    columns = ["column", "type", "labelled", "answered", *(f"row {row + 1}" for row in range(TABLE_ROWS))]
    title = printable(table.title, longest=LONGEST_CELL) or "Without title"
    size = f"{len(table.rows):,} rows, {len(table.header):,} columns"
    return page.TableBlock(columns, rows, f"{title}: {size}.")


def _excerpt_line(table: Table, column: int, gold: Query, answer: Query) -> list[object]:
    # as text, for a column of the excerpt has cells of many types
    cells = [printable(_text(row[column]), longest=LONGEST_CELL) for row in table.rows[:TABLE_ROWS]]
    cells += [""] * (TABLE_ROWS - len(cells))
    heading = printable(table.header[column], longest=LONGEST_CELL) or EMPTY
    return [heading, table.types[column], column_use(gold, column), column_use(answer, column), *cells]


def column_use(query: Query, column: int) -> str:
    """How a query uses a column."""
    uses = [f"select {AGGREGATES[code]}".strip() for each, code in query.select if each == column]
    for each, operator, value in query.conditions:
        if each == column:
            uses.append(f"{OPERATORS[operator]} {printable(value, longest=LONGEST_CELL) or EMPTY}")
    return "; ".join(uses)


def _text(cell: Cell, *, empty: str = "") -> str:
    return empty if cell is None else str(cell)
