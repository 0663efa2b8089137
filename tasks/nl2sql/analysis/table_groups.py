"""What kind a table is: by what its columns hold, by its width, and by the family it belongs to."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasks.core.competition import Part
from tasks.nl2sql import dataset
from tasks.nl2sql.query.schema import Cell, Question, Table
from tasks.text.validation.json_lines import printable

MIXED = "of no kind most"
CONTENTS = ("text", "real", "percent", MIXED)
"""Kinds of tables by their columns."""
WIDTHS = ("up to 5", "6 to 10", "11 to 20", "21 to 30", "more than 30")
"""Classes by number of columns."""
SHARING = SHARED, ALONE = ("those of several tables", "of this table alone")

_MOST_COLUMNS = (5, 10, 20, 30)
"""Of the classes but the last."""
_LONGEST_NAME = 60
_NUMBER = re.compile(r"\d+")


class Families(NamedTuple):
    """Tables that belong together."""

    names: Mapping[tuple[str, ...], str]
    """Of the families of several tables with the same headings, by these."""

    def name(self, table: Table) -> str:
        """The ending that the titles of its family share; of a table alone its title, each number as #."""
        return printable(self.names.get(table.header) or _masked(table.title), longest=_LONGEST_NAME)

    def sharing(self, table: Table) -> str:
        """Whether several tables have its headings: `SHARED` or `ALONE`."""
        return SHARED if table.header in self.names else ALONE


def families(tables: Iterable[Table]) -> Families:
    """The families of all these tables; equal tables count as one."""
    titles: defaultdict[tuple[str, ...], dict[int, str]] = defaultdict(dict)
    for table in tables:
        titles[table.header][contents(table)] = _masked(table.title)
    shared = {header: list(own.values()) for header, own in titles.items() if len(own) > 1}
    return Families({header: _common(own) or ", ".join(header) for header, own in shared.items()})


def _masked(title: str) -> str:
    return _NUMBER.sub("#", title) or "no title"


def _common(titles: list[str]) -> str:
    """The ending that titles share, after … where they begin differently; empty if they share none."""
    first, *_, last = sorted(title[::-1] for title in titles)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    ending = "".join(character for character, _ in same)[::-1]
    return f"…{ending}" if ending and first != last else ending


def width(table: Table) -> str:
    """The class of its number of columns."""
    return WIDTHS[bisect_left(_MOST_COLUMNS, len(table.header))]


def content(table: Table) -> str:
    """What more than half of its columns hold, of `CONTENTS`."""
    found = column_contents(table)
    return next((kind for kind in CONTENTS if 2 * found.count(kind) > len(found)), MIXED)


def column_contents(table: Table) -> list[str]:
    """Of each column `text`, `real`, or `percent` where more than half of what it holds ends with %."""
    found = []
    for column, type_ in enumerate(table.types):
        cells = [row[column] for row in table.rows if row[column] not in (None, "")]
        found.append("percent" if 2 * sum(map(_is_percent, cells)) > len(cells) else type_)
    return found


def _is_percent(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.rstrip().endswith(("%", "％"))


# FOLDED from tasks/nl2sql/exposure.py
# What models have learned of a question's table: the very table, tables with the same headings, or neither.
#
# Tables count as the same by what they hold, whatever their ids.
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
