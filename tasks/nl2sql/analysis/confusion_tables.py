"""Confusions of labels and answers: codes, numbers of conditions, columns, and kinds of wrong values."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tasks.core.report import page
from tasks.core.report.page import Section
from tasks.nl2sql.analysis.evaluation import EvaluatedPart
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, NONE, OPERATORS, Condition, Query, Table
from tasks.nl2sql.query.scoring import normal_form
from tasks.text.normalisation import normalise
from tasks.text.validation.json_lines import printable

PAIRS = 20
LONGEST = 60
CODES = ("aggregate", "connector", "operator", "number of conditions")
COLUMNS = ("selected column", "condition column")
VALUES = {
    "wider": "the labelled value with more around it",
    "narrower": "a piece of the labelled value",
    "swapped": "the value of another labelled condition",
    "cell": "another cell of the column",
    "question": "another text of the question",
    "other": "another text",
}
"""Kinds of wrong values of conditions that are right otherwise; the first that fits."""

Coded = tuple[int, int]
"""A column with a code."""
Normalised = tuple[Condition, Condition]
"""The normal form of a condition, and the condition."""


class Confusion(NamedTuple):
    """One element of a query answered in place of another."""

    part: str
    """Of `CODES` or `COLUMNS`."""
    labelled: str
    answered: str


class WrongValue(NamedTuple):
    """A condition of which only the value is wrong."""

    kind: str
    """Of `VALUES`."""
    labelled: str
    answered: str


def confusions(part: EvaluatedPart) -> Section:
    """The most frequent confusions, and the kinds of wrong values."""
    wrong = [row for row, right in enumerate(part.strict[:, 0].tolist()) if not right]
    counts = Counter(each for row in wrong for each in confused(*_pair(part, row), part.tables[row]))
    values = [each for row in wrong for each in wrong_values(part, row)]
    blocks = [
        _pairs(counts, CODES, "Codes, and numbers of conditions"),
        _pairs(counts, COLUMNS, "Columns, where a single one is wrong"),
        _kinds_of_values(values),
    ]
    return Section("Confusions", [block for block in blocks if block.rows])


def _pair(part: EvaluatedPart, row: int) -> tuple[Query, Query]:
    """Label and answer of a question in the form that the strict scorer compares."""
    table = part.tables[row]
    return normal_form(part.gold[row], table), normal_form(part.answers[row], table)


def _pairs(counts: Counter[Confusion], parts: Sequence[str], title: str) -> page.TableBlock:
    selected = Counter({each: count for each, count in counts.items() if each.part in parts})
    rows = [[*each, count] for each, count in selected.most_common(PAIRS)]
    caption = f"{title}, the most frequent first: {len(rows)} of {len(selected)} confusions."
    return page.TableBlock(["part", "labelled", "answered", "questions"], rows, caption)


def confused(gold: Query, answer: Query, table: Table) -> Iterator[Confusion]:
    """The confusions of two queries in normal form."""
    if gold.connector and answer.connector and gold.connector != answer.connector:
        yield Confusion("connector", CONNECTORS[gold.connector], CONNECTORS[answer.connector])
    if len(gold.conditions) != len(answer.conditions):
        numbers = (str(len(query.conditions)) for query in (gold, answer))
        yield Confusion("number of conditions", *numbers)
    for one, other in _by_column(gold.select, answer.select):
        yield Confusion("aggregate", AGGREGATES[one] or "none", AGGREGATES[other] or "none")
    for one, other in _by_column(_operators(gold), _operators(answer)):
        yield Confusion("operator", OPERATORS[one], OPERATORS[other])
    selected = ([column for column, _ in query.select] for query in (gold, answer))
    compared = ([each.column for each in query.conditions] for query in (gold, answer))
    for part, (labelled, answered) in zip(COLUMNS, (selected, compared), strict=True):
        for pair in _single(labelled, answered):
            yield Confusion(part, *(printable(table.header[column], longest=LONGEST) for column in pair))


def _operators(query: Query) -> list[Coded]:
    return [(each.column, each.operator) for each in query.conditions]


def _by_column(gold: Sequence[Coded], answer: Sequence[Coded]) -> Iterator[Coded]:
    """The differing codes of columns that both queries have once."""
    labelled, answered = (Counter(column for column, _ in side) for side in (gold, answer))
    codes = dict(answer)
    for column, code in gold:
        if labelled[column] == answered[column] == 1 and codes[column] != code:
            yield code, codes[column]


def _single(gold: Iterable[int], answer: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The labelled and the answered column, if exactly one differs."""
    labelled, answered = Counter(gold), Counter(answer)
    missing, added = list((labelled - answered).elements()), list((answered - labelled).elements())
    if len(missing) == len(added) == 1:
        yield missing[0], added[0]


def wrong_values(part: EvaluatedPart, row: int) -> Iterator[WrongValue]:
    """The wrong values of an answer, each with the label of the same column and operator."""
    table = part.tables[row]
    queries = part.gold[row], part.answers[row]
    labels, answers = ([(normal(each, table), each) for each in query.conditions] for query in queries)
    missing, added = _without(labels, answers), _without(answers, labels)
    for label in missing:
        for place, answer in enumerate(added):
            if answer[:2] == label[:2]:
                del added[place]
                yield WrongValue(_kind(label, answer, part, row), label.value, answer.value)
                break


def normal(condition: Condition, table: Table) -> Condition:
    """The condition as the strict scorer compares it."""
    return normal_form(Query((), NONE, (condition,)), table).conditions[0]


def _without(conditions: Iterable[Normalised], others: Iterable[Normalised]) -> list[Condition]:
    """The conditions that the others lack."""
    left, missing = Counter(key for key, _ in others), []
    for key, condition in conditions:
        left[key] -= 1
        if left[key] < 0:
            missing.append(condition)
    return missing


def _kind(label: Condition, answer: Condition, part: EvaluatedPart, row: int) -> str:
    """Of `VALUES`."""
    table, value = part.tables[row], normal(answer, part.tables[row]).value
    labelled, answered, question = map(normalise, (label.value, answer.value, part.questions[row].text))
    if labelled in answered:
        return "wider"
    if answered in labelled:
        return "narrower"
    if any(value == normal(other, table).value for other in part.gold[row].conditions):
        return "swapped"
    column = (str(cells[label.column]) for cells in table.rows)
    if any(value == normal(label._replace(value=cell), table).value for cell in column):
        return "cell"
    return "question" if answered in question else "other"


def _kinds_of_values(wrong: Sequence[WrongValue]) -> page.TableBlock:
    counts = Counter(each.kind for each in wrong)
    first = {each.kind: each for each in reversed(wrong)}
    rows = [
        [meaning, counts[kind], counts[kind] / len(wrong), _example(first[kind])]
        for kind, meaning in VALUES.items()
        if counts[kind]
    ]
    caption = "Wrong values where column and operator are right, by the first kind that fits."
    return page.TableBlock(["value", "conditions", "share", "example"], rows, caption)


def _example(wrong: WrongValue) -> str:
    answered, labelled = (printable(value, longest=LONGEST) for value in (wrong.answered, wrong.labelled))
    return f"{answered or '(empty)'}, labelled {labelled or '(empty)'}"
