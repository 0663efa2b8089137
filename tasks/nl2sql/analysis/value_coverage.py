"""How many values of labelled conditions occur in their question or table, literally and after normalisation.

    python -m tasks.nl2sql.analysis.value_coverage ROOT

A question says 3亿元 where the label is 30000; a cell is 20.0 where the label is 20. Normalisation is that of
`tasks.nl2sql.linking.value_alignment` and `cell_matching`, of numbers, amounts, dates, widths, marks and
endings.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tasks.core.competition import Part
from tasks.core.errors import UserError
from tasks.core.files.temporary import temporary_folder
from tasks.core.report import page
from tasks.core.report.markdown import markdown
from tasks.core.report.page import Section
from tasks.nl2sql import data, dataset
from tasks.nl2sql.config import Data
from tasks.nl2sql.linking.cell_matching import similar_cells
from tasks.nl2sql.linking.spans import Span
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.linking.value_normalisation import value_at
from tasks.nl2sql.query.schema import Condition, Question, Table

LEAST_SIMILARITY = 0.98
"""Of a cell that is the value in another form, and not merely similar."""
QUESTION, CELL, EITHER = "in the question", "in a cell of its column", "in either"
RECOVERED = "recovered from the question"
PLACES = (QUESTION, CELL, EITHER, RECOVERED)
FORMS = LITERAL, NORMALISED = ("literally", "normalised")

_PARTS: tuple[Part, ...] = ("train", "validation")


def coverage(questions: Iterable[Question], tables: Mapping[str, Table]) -> Counter[tuple[str, str]]:
    """Numbers of values by place, of `PLACES`, and by form, of `FORMS`; under ("", "") that of all values."""
    counts: Counter[tuple[str, str]] = Counter()
    # by table, for only the last tables are kept indexed
    for question in sorted(questions, key=lambda each: each.table):
        conditions = question.query.conditions if question.query else ()
        table = tables[question.table]
        spans = align_values(conditions, question.text, table)
        for condition, span in zip(conditions, spans, strict=True):
            counts["", ""] += 1
            counts.update(_places(condition, span, question.text, table))
    return counts


def _places(condition: Condition, span: Span | None, text: str, table: Table) -> Iterator[tuple[str, str]]:
    cells = table_index(table).column(condition.column)
    literal = condition.value in text, condition.value in cells.places
    best = similar_cells(condition.value, cells, limit=1)
    normalised = span is not None, bool(best) and best[0].similarity >= LEAST_SIMILARITY
    for form, (in_question, in_cell) in zip(FORMS, (literal, normalised), strict=True):
        found = {QUESTION: in_question, CELL: in_cell, EITHER: in_question or in_cell}
        yield from ((place, form) for place, is_there in found.items() if is_there)
    if literal[0]:
        yield RECOVERED, LITERAL
    if span and value_at(text, span, condition.column, table, condition.operator) == condition.value:
        yield RECOVERED, NORMALISED


def section(parts: Mapping[str, Counter[tuple[str, str]]]) -> Section:
    """The numbers and shares of parts, by their names."""
    columns = ["values of conditions", *(f"{name}, {form}" for name in parts for form in FORMS)]
    rows = [
        [place, *(_share(part, place, form) for part in parts.values() for form in FORMS)] for place in PLACES
    ]
    total = ", ".join(f"{counts['', '']:,} of {name}" for name, counts in parts.items())
    return Section("Values of conditions", [page.TableBlock(columns, rows, f"Of {total}.")])


def _share(counts: Counter[tuple[str, str]], place: str, form: str) -> str:
    number = counts[place, form]
    return f"{number:,} ({number / max(1, counts['', '']):.4f})"


def main() -> None:
    """Entry of the program."""
    program = "python -m tasks.nl2sql.analysis.value_coverage"
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    parser.add_argument("root", type=Path, help="folder with the competition's files, as data.root")
    root = parser.parse_args().root
    with temporary_folder() as made:
        try:
            for part in _PARTS:
                data.load(Data(root=str(root)), part, made)
        except UserError as error:
            parser.exit(2, f"{error}\n")
        parts = {part: coverage(dataset.stream(made, part), dataset.tables(made, part)) for part in _PARTS}
    print(markdown(section({part: counts for part, counts in parts.items() if counts})))


if __name__ == "__main__":
    main()
