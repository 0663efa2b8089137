"""What kind a table is: by what its columns hold, by its width, and by the family it belongs to."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple

from tasks.nl2sql.exposure import contents
from tasks.nl2sql.records import Cell, Table
from tasks.text.lines import printable

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
