"""How many values of labelled conditions stand in their question or table: as they are, and as they are read.

    python -m tasks.nl2sql.analysis.value_coverage ROOT

A question says 3亿元 where the label is 30000; a cell is 20.0 where it is 20. Read means after
`tasks.nl2sql.linking.value_alignment` and `tasks.nl2sql.linking.cell_matching`, which know numbers, amounts, dates, widths, marks and ends.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.core.competition import Part
from tasks.core.errors import UserError
from tasks.core.report.markdown import markdown
from tasks.core.report.page import Section
from tasks.core.report.page import Table as Shown
from tasks.nl2sql import data, dataset
from tasks.nl2sql.config import Data
from tasks.nl2sql.linking.cell_matching import ColumnCells, similar_cells
from tasks.nl2sql.linking.spans import Span
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.linking.value_normalisation import value_at
from tasks.nl2sql.query.schema import Condition, Question, Table

SAME = 0.98
"""Least similarity of a cell that is the value in another form, and not merely like it."""
QUESTION, CELL, EITHER, BACK = (
    "in the question",
    "in a cell of its column",
    "in either",
    "given by the words of the question",
)
FORMS = AS_THEY_ARE, READ = ("as they are", "read")

_PARTS: tuple[Part, ...] = ("train", "validation")


def coverage(questions: Iterable[Question], tables: Mapping[str, Table]) -> Counter[tuple[str, str]]:
    """Numbers of values by place, of `QUESTION`, `CELL`, `EITHER` and `BACK`, and by form, of `FORMS`.

    Under ("", "") stand all values.
    """
    found: Counter[tuple[str, str]] = Counter()
    # by table, for only the last tables are kept indexed
    for question in sorted(questions, key=lambda each: each.table):
        stated = question.query.conditions if question.query else ()
        table = tables[question.table]
        for condition, span in zip(stated, align_values(stated, question.text, table), strict=True):
            found["", ""] += 1
            found.update(_places(condition, span, question.text, table))
    return found


def _places(condition: Condition, span: Span | None, text: str, table: Table) -> Iterator[tuple[str, str]]:
    cells = table_index(table).column(condition.column)
    said, held = condition.value in text, condition.value in cells.places
    read = span is not None, held or _is_held(condition.value, cells)
    for form, (in_question, in_cell) in zip(FORMS, ((said, held), read), strict=True):
        shown = {QUESTION: in_question, CELL: in_cell, EITHER: in_question or in_cell}
        yield from ((place, form) for place, holds in shown.items() if holds)
    if said:
        yield BACK, AS_THEY_ARE
    if span and value_at(text, span, condition.column, table, condition.operator) == condition.value:
        yield BACK, READ


def _is_held(value: str, cells: ColumnCells) -> bool:
    best = similar_cells(value, cells, limit=1)
    return bool(best) and best[0].similarity >= SAME


def section(found: Mapping[str, Counter[tuple[str, str]]]) -> Section:
    """The numbers and shares of parts, by their names."""
    columns = ["values of conditions", *(f"{name}, {form}" for name in found for form in FORMS)]
    rows = [
        [place, *(_share(counts, place, form) for counts in found.values() for form in FORMS)]
        for place in (QUESTION, CELL, EITHER, BACK)
    ]
    total = ", ".join(f"{counts['', '']:,} of {name}" for name, counts in found.items())
    return Section("Values of conditions", [Shown(columns, rows, f"Of {total}.")])


def _share(counts: Counter[tuple[str, str]], place: str, form: str) -> str:
    number = counts[place, form]
    return f"{number:,} ({number / max(1, counts['', '']):.4f})"


def main() -> None:
    """Entry of the program."""
    parser = argparse.ArgumentParser(
        prog="python -m tasks.nl2sql.analysis.value_coverage", description=__doc__
    )
    parser.add_argument("root", type=Path, help="folder with the competition's files, as data.root")
    root = parser.parse_args().root
    with TemporaryDirectory() as temporary:
        made = Path(temporary)
        try:
            data.load(Data(root=str(root)), made)
        except UserError as error:
            parser.exit(2, f"{error}\n")
        parts = {part: coverage(dataset.stream(made, part), dataset.tables(made, part)) for part in _PARTS}
    print(markdown(section({part: counts for part, counts in parts.items() if counts})))


if __name__ == "__main__":
    main()
