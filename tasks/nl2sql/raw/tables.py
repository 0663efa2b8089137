"""Check a line of the raw tables, and convert it to a table."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from tasks.nl2sql.query.schema import Cell, Table
from tasks.text.validation.json_lines import Mismatch, described, missing, wrong_text

LONGEST_LINE_BYTES = 1 << 25
"""Room for 100,000 rows; the largest real table has 0.6 MB."""
MOST_COLUMNS = 1000
"""Half of SQLite's limit; the widest real table has 63."""
MOST_PROBLEMS = 5
"""Problems reported of one line: a table with a wrong column has a problem in each row."""

_KEYS = {"id", "name", "title", "header", "types", "rows", "common"}
_TYPES = ("text", "real")
_LONGEST_INTEGER_BITS = 63


def parse_table(value: dict[str, Any]) -> Table | list[Mismatch]:
    """The table of a line's object, or what is wrong with it, at most `MOST_PROBLEMS`.

    A missing name becomes `Table_<id>`, the name of tables in the competition's databases; a missing title
    becomes empty.
    """
    if wrong := list(islice(_wrong(value), MOST_PROBLEMS)):
        return wrong
    name, title = value.get("name") or f"Table_{value['id']}", value.get("title") or ""
    rows = tuple(map(tuple, value["rows"]))
    return Table(value["id"], name, title, tuple(value["header"]), tuple(value["types"]), rows)


def _wrong(value: dict[str, Any]) -> Iterator[Mismatch]:
    yield from wrong_text(value, "id", keys=_KEYS)
    for key in ("name", "title"):
        if value.get(key) not in (None, ""):
            yield from wrong_text(value, key, keys=_KEYS)
    if str(value.get("name")).lower().startswith("sqlite_"):
        yield Mismatch('a name that SQLite does not reserve as "name"', described(value["name"]))
    heading = list(_wrong_heading(value))
    yield from heading
    if not heading:
        yield from _wrong_rows(value, len(value["header"]))


def _wrong_heading(value: dict[str, Any]) -> Iterator[Mismatch]:
    lists = [list(_wrong_list(value, key)) for key in ("header", "types")]
    yield from lists[0] + lists[1]
    if any(lists):
        return
    header, types = value["header"], value["types"]
    if not 1 <= len(header) <= MOST_COLUMNS:
        yield Mismatch(f'1 to {MOST_COLUMNS:,} columns in "header"', f"{len(header):,}")
    for column, heading in enumerate(header):
        if not isinstance(heading, str):
            yield Mismatch(f"text as heading of column {column}", described(heading))
    for column, type_ in enumerate(types):
        if type_ not in _TYPES:
            yield Mismatch(f'"text" or "real" as type of column {column}', described(type_))
    if len(header) != len(types):
        yield Mismatch(f"types for {len(header):,} columns of the header", f"{len(types):,} types")


def _wrong_list(value: dict[str, Any], key: str) -> Iterator[Mismatch]:
    if key not in value:
        yield missing(value, key, keys=_KEYS)
    elif not isinstance(value[key], list):
        yield Mismatch(f'a list as "{key}"', described(value[key]))


def _wrong_rows(value: dict[str, Any], width: int) -> Iterator[Mismatch]:
    if wrong := list(_wrong_list(value, "rows")):
        yield from wrong
        return
    for number, row in enumerate(value["rows"], 1):
        if not isinstance(row, list):
            yield Mismatch(f"a list as row {number:,}", described(row))
        elif len(row) != width:
            yield Mismatch(f"{width:,} cells in row {number:,}, one for each column", f"{len(row):,}")
        elif not _is_plain(row):
            for column, cell in enumerate(row):
                if wrong_cell := _wrong_cell(cell):
                    place = f"in row {number:,}, column {column}"
                    yield Mismatch(f"{wrong_cell.expected} {place}", wrong_cell.received)


def _is_plain(row: list[Any]) -> bool:
    """Whether all cells are valid, for nearly all rows at a third of the cost of checking each cell."""
    return all(cell.__class__ is str or cell.__class__ is float for cell in row)


def _wrong_cell(cell: Cell) -> Mismatch | None:
    if type(cell) is int:
        fits = cell.bit_length() <= _LONGEST_INTEGER_BITS
        return None if fits else Mismatch("an integer of at most 64 bits", described(cell))
    plain = cell is None or type(cell) is str or type(cell) is float
    return None if plain else Mismatch("text, a number or null", described(cell))
