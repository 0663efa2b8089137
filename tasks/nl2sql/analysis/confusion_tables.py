"""What is answered in place of what: codes, numbers of conditions, columns, and kinds of wrong values."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tasks.core.report import page
from tasks.core.report.page import Section
from tasks.nl2sql.analysis.evaluation import Outcome
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, OPERATORS, Condition, Query, Table
from tasks.nl2sql.query.scoring import normal_form
from tasks.text.normalisation import normalise
from tasks.text.validation.json_lines import printable

PAIRS = 20
LONGEST = 60
NONE = "none"
CODES = ("aggregate", "connector", "operator", "number of conditions")
COLUMNS = ("selected column", "condition column")
VALUES = {
    "wider": "the labelled value with more around it",
    "narrower": "a piece of the labelled value",
    "swapped": "the value of another labelled condition",
    "cell": "another cell of the column",
    "question": "something else that the question says",
    "other": "something else",
}
"""Kinds of wrong values of conditions that are right otherwise; the first that fits."""


Coded = tuple[int, int]
"""A column with a code."""


class Confusion(NamedTuple):
    """One thing answered in place of another."""

    part: str
    """Of `CODES` or `COLUMNS`."""
    labelled: str
    answered: str


def confusions(outcome: Outcome) -> Section:
    """What is most often taken for what, and in which way values are wrong."""
    wrong = [row for row, right in enumerate(outcome.strict[:, 0].tolist()) if not right]
    found = Counter(each for row in wrong for each in confused(*_pair(outcome, row), outcome.tables[row]))
    values = [each for row in wrong for each in wrong_values(outcome, row)]
    blocks = [
        _pairs(found, CODES, "Codes, and numbers of conditions"),
        _pairs(found, COLUMNS, "Columns, where a single one is wrong"),
        _kinds_of_values(values),
    ]
    return Section("Confusions", [block for block in blocks if block.rows])


def _pair(outcome: Outcome, row: int) -> tuple[Query, Query]:
    """Label and answer of a question in the form that the strict scorer compares."""
    table = outcome.tables[row]
    return normal_form(outcome.gold[row], table), normal_form(outcome.answers[row], table)


def _pairs(found: Counter[Confusion], parts: Sequence[str], what: str) -> page.Table:
    own = Counter({each: count for each, count in found.items() if each.part in parts})
    rows = [[*each, count] for each, count in own.most_common(PAIRS)]
    caption = f"{what}, the most frequent first: {len(rows)} of {len(own)} confusions."
    return page.Table(["part", "labelled", "answered", "questions"], rows, caption)


def confused(gold: Query, found: Query, table: Table) -> Iterator[Confusion]:
    """What two queries in normal form have in place of each other."""
    if gold.connector and found.connector and gold.connector != found.connector:
        yield Confusion("connector", CONNECTORS[gold.connector], CONNECTORS[found.connector])
    if len(gold.conditions) != len(found.conditions):
        numbers = (str(len(query.conditions)) for query in (gold, found))
        yield Confusion("number of conditions", *numbers)
    for one, other in _by_column(gold.select, found.select):
        yield Confusion("aggregate", AGGREGATES[one] or NONE, AGGREGATES[other] or NONE)
    for one, other in _by_column(_operators(gold), _operators(found)):
        yield Confusion("operator", OPERATORS[one], OPERATORS[other])
    selected = ([column for column, _ in query.select] for query in (gold, found))
    compared = ([each.column for each in query.conditions] for query in (gold, found))
    for part, (labelled, answered) in zip(COLUMNS, (selected, compared), strict=True):
        for pair in _single(labelled, answered):
            yield Confusion(part, *(printable(table.header[column], longest=LONGEST) for column in pair))


def _operators(query: Query) -> list[Coded]:
    return [(each.column, each.operator) for each in query.conditions]


def _by_column(gold: Sequence[Coded], found: Sequence[Coded]) -> Iterator[Coded]:
    """The codes that differ of columns that both have once."""
    labelled, answered = (Counter(column for column, _ in side) for side in (gold, found))
    codes = dict(found)
    for column, code in gold:
        if labelled[column] == answered[column] == 1 and codes[column] != code:
            yield code, codes[column]


def _single(gold: Iterable[int], found: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The column that one has in place of another's, where it is one."""
    labelled, answered = Counter(gold), Counter(found)
    missing, added = list((labelled - answered).elements()), list((answered - labelled).elements())
    if len(missing) == len(added) == 1:
        yield missing[0], added[0]


class WrongValue(NamedTuple):
    """A condition of a question whose value alone is wrong."""

    kind: str
    """Of `VALUES`."""
    labelled: str
    answered: str


def wrong_values(outcome: Outcome, row: int) -> Iterator[WrongValue]:
    """The wrong values of an answer, each with the label in whose place it stands."""
    table = outcome.tables[row]
    labels, answers = (
        [(normal(each, table), each) for each in query.conditions]
        for query in (outcome.gold[row], outcome.answers[row])
    )
    missing, added = _without(labels, answers), _without(answers, labels)
    for label in missing:
        for place, answer in enumerate(added):
            if answer[:2] == label[:2]:
                del added[place]
                yield WrongValue(_kind(label, answer, outcome, row), label.value, answer.value)
                break


def normal(condition: Condition, table: Table) -> Condition:
    """The condition as the strict scorer compares it."""
    return normal_form(Query((), 0, (condition,)), table).conditions[0]


def _without(
    own: Iterable[tuple[Condition, Condition]], others: Iterable[tuple[Condition, Condition]]
) -> list[Condition]:
    """The conditions, given after their normal forms, that the others have not."""
    left, found = Counter(key for key, _ in others), []
    for key, condition in own:
        left[key] -= 1
        if left[key] < 0:
            found.append(condition)
    return found


def _kind(label: Condition, answer: Condition, outcome: Outcome, row: int) -> str:
    """Of `VALUES`."""
    table, value = outcome.tables[row], normal(answer, outcome.tables[row]).value
    labelled, answered, question = map(normalise, (label.value, answer.value, outcome.questions[row].text))
    if labelled in answered:
        return "wider"
    if answered in labelled:
        return "narrower"
    if any(value == normal(other, table).value for other in outcome.gold[row].conditions):
        return "swapped"
    column = (str(cells[label.column]) for cells in table.rows)
    if any(value == normal(label._replace(value=cell), table).value for cell in column):
        return "cell"
    return "question" if answered in question else "other"


def _kinds_of_values(found: Sequence[WrongValue]) -> page.Table:
    counts = Counter(each.kind for each in found)
    first = {each.kind: each for each in reversed(found)}
    rows = [
        [meaning, counts[kind], counts[kind] / len(found), _example(first[kind])]
        for kind, meaning in VALUES.items()
        if counts[kind]
    ]
    caption = "Values that are wrong where column and operator are right: the first line that fits."
    return page.Table(["value", "conditions", "share", "example"], rows, caption)


def _example(wrong: WrongValue) -> str:
    answered, labelled = (printable(value, longest=LONGEST) for value in (wrong.answered, wrong.labelled))
    return f"{answered or '(empty)'}, labelled {labelled or '(empty)'}"
