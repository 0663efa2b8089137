"""Count properties of the tables and questions of a part; of each distinct question a digest is kept."""

from collections import Counter
from typing import Any

from tasks.core.competition import Part
from tasks.nl2sql.query import schema
from tasks.nl2sql.query.schema import Query, Question, Table, canonical
from tasks.nl2sql.raw.digests import question_digest
from tasks.nl2sql.raw.questions import ParsedQuestion
from tasks.text.normalisation import normalise, normalised_counts
from tasks.text.validation.raw_files import CONTROL, EMOJI, Notes, length_quantiles

MESSAGES = {
    "real_text": "cells of real columns that are text",
    "real_empty": "cells of real columns that are empty",
    "empty_table": "tables without rows",
    "repeated_heading": "tables with a heading more than once",
    "empty_heading": "tables with an empty heading",
    "differing_cell": "cells of the competition's database that differ from the tables; the tables are used",
    "repeated_question": "questions that occur earlier in the same part, about the same table",
    "contradiction": "of these, with another label than the first",
    "no_conditions": "labelled questions without a condition",
    "same_column": "labelled questions with several conditions on one column",
    "repeated_condition": "labelled questions with a condition twice",
    "repeated_select": "labelled questions that select a column twice",
    "idle_connector": "connectors for fewer than two conditions, removed",
    "number_value": "values of conditions that are numbers in the file, read as text",
    "empty_value": "values of conditions that are empty",
    "value_not_found": "values of conditions that do not occur in the question, ignoring case and width",
    "text_aggregate": "AVG, MAX, MIN or SUM of a text column",
    "text_order": "conditions by > or < on a text column",
    "long": "questions of more than 128 characters",
    "control": "questions with control characters",
    "emoji": "questions with emoji",
    "labelled_test": "test questions with an sql, ignored",
}
"""Kinds of notes in the order of the list."""

_LONG = 128
_OF_ANY_TYPE = (schema.NONE, schema.COUNT)


class PartStatistics:
    """Counts and notes of one part; add all its tables before its questions."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._notes = Notes(MESSAGES)
        self._counts: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._characters: Counter[str] = Counter()
        self._first: dict[bytes, tuple[str, str]] = {}
        """By text and table: the id of the first question, and its label."""

    def add_table(self, table: Table) -> None:
        """Count a table."""
        self._counts[f"{self.part} tables"] += 1
        self._counts[f"{self.part} rows"] += len(table.rows)
        if self.part == "train":
            self._characters.update("".join((table.title, *table.header)))
        self._add_heading(table)
        self._add_cells(table)

    def add_differing_cell(self, example: str) -> None:
        """Count a cell of the competition's database that is not that of its table."""
        self._notes.add("differing_cell", example)

    def add_question(self, parsed: ParsedQuestion, table: Table) -> None:
        """Count a question; only the header and types of its table are used."""
        question = parsed.question
        self._counts[self.part] += 1
        self._lengths[len(question.text)] += 1
        if self.part == "train":
            self._characters.update(question.text)
        self._add_text(question)
        self._add_repeated(question)
        self._add_labels(parsed)
        if question.query:
            self._add_query(question, question.query, table)

    def summary(self) -> dict[str, Any]:
        """`{"counts": {…}, "notes": [{"kind", "message", "count", "examples"}, …]}`.

        Counts: questions, tables and rows, training characters, lengths of questions, elements of queries.
        """
        return {"counts": self._all_counts(), "notes": self._notes.listed()}

    def _all_counts(self) -> dict[str, int]:
        plain = [self.part, f"{self.part} tables", f"{self.part} rows"]
        counts = {name: self._counts[name] for name in plain}
        if self.part == "train":
            counts["distinct training characters"] = len(self.characters())
        if self._lengths:
            lengths = length_quantiles(self._lengths)
            counts |= {f"{self.part} {name}": length for name, length in lengths.items()}
        return counts | {name: self._counts[name] for name in sorted(self._counts.keys() - set(plain))}

    def characters(self) -> list[tuple[str, int]]:
        """Normalised characters of a training part with counts, by falling count, then by code point."""
        return normalised_counts(self._characters)

    def _add_heading(self, table: Table) -> None:
        if not table.rows:
            self._notes.add("empty_table", table.id)
        if len(set(table.header)) < len(table.header):
            twice = next(one for one, number in Counter(table.header).items() if number > 1)
            self._notes.add("repeated_heading", f"{table.id}: {twice}")
        if not all(map(str.strip, table.header)):
            self._notes.add("empty_heading", table.id)

    def _add_cells(self, table: Table) -> None:
        real = [column for column, type_ in enumerate(table.types) if type_ == "real"]
        for number, row in enumerate(table.rows, 1):
            for column in real:
                if isinstance(cell := row[column], str | None):
                    kind = "real_text" if cell and cell.strip() else "real_empty"
                    self._notes.add(kind, f"{table.id}, row {number:,}, {table.header[column]}: {cell or ''}")

    def _add_text(self, question: Question) -> None:
        text = question.text
        if len(text) > _LONG:
            self._notes.add("long", f"{question.id}: {len(text):,} characters")
        self._notes.add_matches(question.id, text, {"control": CONTROL, "emoji": EMOJI})

    def _add_repeated(self, question: Question) -> None:
        query = str(question.query and canonical(question.query))
        first, first_query = self._first.setdefault(question_digest(question), (question.id, query))
        if first != question.id:
            self._notes.add("repeated_question", f"{question.id} and {first}")
            if first_query != query:
                self._notes.add("contradiction", f"{question.id} and {first}")

    def _add_labels(self, parsed: ParsedQuestion) -> None:
        name = parsed.question.id
        if self.part == "test" and parsed.labelled:
            self._notes.add("labelled_test", name)
        if parsed.idle_connector:
            self._notes.add("idle_connector", name)
        for value in parsed.numbers:
            self._notes.add("number_value", f"{name}: {value}")

    def _add_query(self, question: Question, query: Query, table: Table) -> None:
        columns = [condition.column for condition in query.conditions]
        kinds = {
            "no_conditions": not columns,
            "same_column": len(set(columns)) < len(columns),
            "repeated_condition": len(set(query.conditions)) < len(columns),
            "repeated_select": len({column for column, _ in query.select}) < len(query.select),
        }
        for kind, applies in kinds.items():
            if applies:
                self._notes.add(kind, question.id)
        self._add_types(question, query, table)
        self._add_values(question, query)
        self._counts[f"{self.part} conditions: {len(columns)}"] += 1
        self._counts[f"{self.part} connector: {schema.CONNECTORS[query.connector] or 'none'}"] += 1
        aggregates = (schema.AGGREGATES[code] or "none" for _, code in query.select)
        self._counts.update(f"{self.part} aggregate: {name}" for name in aggregates)
        self._counts.update(
            f"{self.part} operator: {schema.OPERATORS[one.operator]}" for one in query.conditions
        )

    def _add_types(self, question: Question, query: Query, table: Table) -> None:
        for column, aggregate in query.select:
            if aggregate not in _OF_ANY_TYPE and table.types[column] == "text":
                example = f"{schema.AGGREGATES[aggregate]} of {table.header[column]}"
                self._notes.add("text_aggregate", f"{question.id}: {example}")
        for column, operator, value in query.conditions:
            if operator in (schema.GREATER, schema.LESS) and table.types[column] == "text":
                condition = f"{table.header[column]} {schema.OPERATORS[operator]} {value}"
                self._notes.add("text_order", f"{question.id}: {condition}")

    def _add_values(self, question: Question, query: Query) -> None:
        for condition in query.conditions:
            value = condition.value
            if not value.strip():
                self._notes.add("empty_value", question.id)
            # exact comparison suffices for nearly all, and costs a hundredth
            elif value not in question.text and normalise(value) not in normalise(question.text):
                self._notes.add("value_not_found", f"{question.id}: {value}")
