"""Questions of the demo's generator, and their tables."""

from collections.abc import Iterable
from itertools import islice
from random import Random

from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.synthetic.contests import CONTESTS
from tasks.nl2sql.synthetic.questions import endless_questions
from tasks.nl2sql.synthetic.tables import make_table

EACH = 16
"""Questions about a table."""


def generated(contest: str, numbers: Iterable[int] = range(40)) -> tuple[list[Question], dict[str, Table]]:
    """Questions about the tables of these numbers, with the tables by id."""
    questions, tables = list[Question](), dict[str, Table]()
    for number in numbers:
        made = make_table(number, 0, CONTESTS[contest])
        tables[made.table.id] = made.table
        asked = islice(endless_questions(made, Random(number), CONTESTS[contest]), EACH)
        questions += [Question(each.text, each.text, made.table.id, each.query) for each in asked]
    return questions, tables
