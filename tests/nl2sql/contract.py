"""What the contract suite needs of nl2sql: raw files, and candidates that are right or drawn."""

from pathlib import Path

import numpy as np

from tasks.core.competition import Part
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.nl2sql import dataset as files
from tasks.nl2sql import demo
from tasks.nl2sql.query.schema import NONE, Condition, Query, Question, canonical, to_json

NOWHERE = "no cell holds this"


def write(root: Path) -> Path:
    """A few dozen questions about a few invented tables."""
    demo.write(root, tables=8, questions=40, validation=14, test=12)
    return root


def perfect(dataset: Path, part: Part = "train") -> Candidates:
    """The labelled query and no other, certain."""
    return Candidates.of({_key(labelled(each)): 1.0} for each in files.questions(dataset, part))


def wrong(dataset: Path, part: Part = "train") -> Candidates:
    """A query for each question that is right neither by its form nor by what it finds, certain."""
    tables = files.tables(dataset, part)
    return Candidates.of(
        {_key(other(each, len(tables[each.table].header))): 1.0} for each in files.questions(dataset, part)
    )


def random_values(dataset: Path, part: Part, random: np.random.Generator) -> Candidates:
    """The labelled query, where there is one, beside another; both with scores that are drawn."""
    tables = files.tables(dataset, part)
    considered = [
        [other(each, len(tables[each.table].header)), *([each.query] if each.query else [])]
        for each in files.questions(dataset, part)
    ]
    return Candidates.of({_key(query): float(random.random()) for query in each} for each in considered)


def labelled(question: Question) -> Query:
    assert question.query is not None
    return question.query


def other(question: Question, columns: int) -> Query:
    """A query that is not labelled: of the last column, where a value that is nowhere stands."""
    return Query(((columns - 1, 0),), NONE, (Condition(0, 2, NOWHERE),))


def _key(query: Query) -> str:
    return key(to_json(canonical(query)))
