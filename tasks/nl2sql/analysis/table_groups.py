"""Groups of tables: by content of the columns, by width, by family, and by what models were trained on."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.nl2sql import dataset
from tasks.nl2sql.dataset import content_hash
from tasks.nl2sql.query.schema import Question, Table
from tasks.text.validation.json_lines import printable

MIXED = "mixed"
CONTENTS = ("text", "real", "percent", MIXED)
"""Groups of tables by their columns."""
WIDTHS = ("up to 5", "6 to 10", "11 to 20", "21 to 30", "more than 30")
"""Groups by number of columns."""
SHARING = SHARED, UNIQUE = ("shared by several tables", "of one table only")
"""Groups by headings."""
SEEN, KNOWN_HEADINGS, NEW = "table in training", "new table, its headings in training", "new headings"
EXPOSURES = (SEEN, KNOWN_HEADINGS, NEW)
"""Groups by what the models that answered were trained on."""

_MOST_COLUMNS = (5, 10, 20, 30)
"""Of all `WIDTHS` but the last."""
_LONGEST_NAME = 60
_NUMBER = re.compile(r"\d+")
_NO_FOLD = -1


class Families(NamedTuple):
    """Groups of tables with the same headings."""

    names: Mapping[tuple[str, ...], str]
    """Names of the families of several tables, by headings."""

    def name(self, table: Table) -> str:
        """The ending that the titles of its family share; of a single table its title, each number as #."""
        return printable(self.names.get(table.header) or _masked(table.title), longest=_LONGEST_NAME)

    def sharing(self, table: Table) -> str:
        """Whether several tables have its headings: `SHARED` or `UNIQUE`."""
        return SHARED if table.header in self.names else UNIQUE


def families(tables: Iterable[Table]) -> Families:
    """The families of all these tables; equal tables count as one."""
    titles: defaultdict[tuple[str, ...], dict[int, str]] = defaultdict(dict)
    for table in tables:
        titles[table.header][content_hash(table)] = _masked(table.title)
    endings = {
        header: _common_ending(masked.values()) for header, masked in titles.items() if len(masked) > 1
    }
    return Families({header: ending or ", ".join(header) for header, ending in endings.items()})


def _masked(title: str) -> str:
    return _NUMBER.sub("#", title) or "no title"


def _common_ending(titles: Iterable[str]) -> str:
    """The ending that titles share, after … where they begin differently; empty if they share none."""
    first, *_, last = sorted(title[::-1] for title in titles)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    ending = "".join(character for character, _ in same)[::-1]
    return f"…{ending}" if ending and first != last else ending


def width(table: Table) -> str:
    """The group of its number of columns, of `WIDTHS`."""
    return WIDTHS[bisect_left(_MOST_COLUMNS, len(table.header))]


def content(table: Table) -> str:
    """The content of more than half of its columns, of `CONTENTS`."""
    columns = column_contents(table)
    return next((kind for kind in CONTENTS if 2 * columns.count(kind) > len(columns)), MIXED)


def column_contents(table: Table) -> list[str]:
    """Of each column `text`, `real`, or `percent` where more than half of the cells end with %."""
    contents = []
    for column, type_ in enumerate(table.types):
        cells = [row[column] for row in table.rows if row[column] not in (None, "")]
        percentages = sum(str(cell).rstrip().endswith(("%", "％")) for cell in cells)
        contents.append("percent" if 2 * percentages > len(cells) else type_)
    return contents


def exposures(
    folder: Dataset,
    part: Part,
    questions: Sequence[Question],
    tables: Mapping[str, Table],
    *,
    folds: np.ndarray | None = None,
) -> list[str]:
    """One of `EXPOSURES` for each question of a part; tables of equal content are the same table.

    Args:
        folds: (n,) of the training part, the fold in which each question is held out; a model is not
            trained on the questions of its own fold. Without folds, on none.
    """
    if part == "train":
        training, training_tables = questions, tables
        held_out = [0] * len(questions) if folds is None else folds.tolist()
        training_folds = held_out
    else:
        training, training_tables = dataset.questions(folder, "train"), dataset.tables(folder, "train")
        held_out, training_folds = [_NO_FOLD] * len(questions), [0] * len(training)
    folds_of = _folds_by_table(training, training_folds, training_tables)
    hashes = {id: (content_hash(table), hash(table.header)) for id, table in tables.items()}
    return [
        _exposure(fold, *(folds_of[each] for each in hashes[question.table]))
        for question, fold in zip(questions, held_out, strict=True)
    ]


def _folds_by_table(
    training: Sequence[Question], folds: Sequence[int], tables: Mapping[str, Table]
) -> defaultdict[int, set[int]]:
    """The folds of the questions by hash of their table's content, and by hash of its headings."""
    by_id: defaultdict[str, set[int]] = defaultdict(set)
    for question, fold in zip(training, folds, strict=True):
        by_id[question.table].add(fold)
    by_hash: defaultdict[int, set[int]] = defaultdict(set)
    for id, table_folds in by_id.items():
        by_hash[content_hash(tables[id])] |= table_folds
        by_hash[hash(tables[id].header)] |= table_folds
    return by_hash


def _exposure(fold: int, of_table: set[int], of_headings: set[int]) -> str:
    if of_table - {fold}:
        return SEEN
    return KNOWN_HEADINGS if of_headings - {fold} else NEW
