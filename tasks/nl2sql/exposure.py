"""What models have learned of a question's table: the very table, tables with the same headings, or neither.

Tables count as the same by what they hold, whatever their ids.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tasks.nl2sql import dataset
from tasks.nl2sql.dataset import Part
from tasks.nl2sql.records import Question, Table

SEEN, KNOWN_HEADINGS, NEW = "table in training", "new table, its headings in training", "new headings"
EXPOSURES = (SEEN, KNOWN_HEADINGS, NEW)

_NO_FOLD = -1


def exposures(
    folder: Path,
    part: Part,
    questions: Sequence[Question],
    tables: Mapping[str, Table],
    *,
    folds: np.ndarray | None = None,
) -> list[str]:
    """One of `EXPOSURES` for each question of a part.

    Args:
        folds: (n,) of the training part, the fold in which each question is held out; those of its own fold
            are not learned. Without them none is.
    """
    if part == "train":
        taught, known = questions, tables
        held_out = [0] * len(questions) if folds is None else folds.tolist()
        fold_of_taught = held_out
    else:
        taught, known = dataset.questions(folder, "train"), dataset.tables(folder, "train")
        held_out, fold_of_taught = [_NO_FOLD] * len(questions), [0] * len(taught)
    learned = _folds_by_table(taught, fold_of_taught, known)
    held = {id: contents(table) for id, table in tables.items()}
    return [
        _exposure(fold, learned[held[question.table]], learned[hash(tables[question.table].header)])
        for question, fold in zip(questions, held_out, strict=True)
    ]


def contents(table: Table) -> int:
    """Equal for tables of the same headings and rows."""
    return hash((table.header, table.rows))


def _folds_by_table(
    taught: Sequence[Question], folds: Sequence[int], tables: Mapping[str, Table]
) -> defaultdict[int, set[int]]:
    """The folds of the questions by what their table holds, and by its headings."""
    own: defaultdict[str, set[int]] = defaultdict(set)
    for question, fold in zip(taught, folds, strict=True):
        own[question.table].add(fold)
    found: defaultdict[int, set[int]] = defaultdict(set)
    for id, seen in own.items():
        found[contents(tables[id])] |= seen
        found[hash(tables[id].header)] |= seen
    return found


def _exposure(fold: int, of_table: set[int], of_headings: set[int]) -> str:
    if of_table - {fold}:
        return SEEN
    return KNOWN_HEADINGS if of_headings - {fold} else NEW
