"""Sections of the report on single mistakes: question, label, answer, and the table's columns concerned."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tasks.core.page import Block, Section, Table, Text
from tasks.nl2sql.breakdown import TOGETHER
from tasks.nl2sql.excerpts import excerpt
from tasks.nl2sql.execution import Failure
from tasks.nl2sql.outcome import Outcome
from tasks.nl2sql.query import readable
from tasks.nl2sql.records import Query
from tasks.nl2sql.scoring import SUBTASKS
from tasks.text.lines import printable

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
    yield Table(["", "query", "finds"], lines, wrong)
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
