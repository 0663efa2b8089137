import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tasks.nl2sql import dataset as dataset_files
from tasks.nl2sql.query.database_writer import DatabaseWriter
from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.query.sql import case_folded, quoted
from tests.nl2sql import written
from tests.nl2sql.written import Part, question, table


def made(*rows: tuple[Any, ...], types: tuple[str, ...], name: str = "t") -> Table:
    return Table("id", name, "", tuple(f"h{i}" for i in range(len(types))), types, rows)


def write(file: Path, *tables: Table) -> Path:
    with DatabaseWriter(file) as writer:
        for one in tables:
            writer.add(one)
    return file


def read(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


HOSTILE = [
    'a"; DROP TABLE b; --',
    "b'); DELETE FROM a",
    "select",
    "col_1",
    "",
    " ",
    "😀",
    "表_1",
    "a.b",
    "[x]",
    "`y`",
    "%s{}?",
    "line\nbreak",
    "null",
    "x" * 5000,
]


def test_tables_have_the_competition_s_columns_and_cells(tmp_path: Path) -> None:
    dataset = written.dataset(tmp_path)
    file = dataset_files.database(dataset, "train")
    assert read(file, "SELECT sql FROM sqlite_master WHERE name = 'Table_land'") == [
        ('CREATE TABLE "Table_land" (col_1 TEXT, col_2 TEXT, col_3 REAL, col_4 REAL)',)
    ]
    names = [(one["name"],) for one in written.TRAIN.tables]
    assert read(file, "SELECT name FROM sqlite_master") == names
    assert read(file, 'SELECT * FROM "Table_land"') == [tuple(row) for row in written.LAND["rows"]]


@pytest.mark.parametrize(
    ("type_", "cell", "stored"),
    [
        ("real", 5, 5.0),
        ("real", "12.50", 12.5),
        ("real", " 7 ", 7.0),
        ("real", "69.92%", "69.92%"),
        ("real", "", ""),
        ("real", None, None),
        ("text", 5.0, "5.0"),
        ("text", 2020, "2020"),
        ("text", "0012", "0012"),
        ("text", "'; DROP TABLE t; --", "'; DROP TABLE t; --"),
        ("text", "😀\u2028", "😀\u2028"),
    ],
)
def test_cells_are_stored_by_the_type_of_their_column(
    tmp_path: Path, type_: str, cell: Any, stored: Any
) -> None:
    file = write(tmp_path / "a.db", made((cell,), types=(type_,)))
    ((found,),) = read(file, "SELECT col_1 FROM t")
    assert (type(found), found) == (type(stored), stored)


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    tables = [made((i, "a"), (None, "x" * 9000), types=("real", "text"), name=f"t{i}") for i in range(30)]
    one, other = write(tmp_path / "one.db", *tables), write(tmp_path / "other.db", *tables)
    assert one.read_bytes() == other.read_bytes()
    assert write(tmp_path / "less.db", *tables[1:]).read_bytes() != one.read_bytes()


def test_hostile_names_are_names(tmp_path: Path) -> None:
    tables = [made((name,), types=("text",), name=name) for name in HOSTILE]
    file = write(tmp_path / "a.db", *tables)
    assert read(file, "SELECT name FROM sqlite_master") == [(name,) for name in HOSTILE]
    for name in HOSTILE:
        assert read(file, f"SELECT col_1 FROM {quoted(name)}") == [(name,)]


def test_hostile_raw_files_load_and_read_back(tmp_path: Path) -> None:
    tables = [
        table(name or "id", {name + "1": "text", name + "2": "real"}, [(name, name)], name=name, title=name)
        for name in HOSTILE
        if name.strip()
    ]
    asked = [question(one["id"], one["id"], [(0, 0)], [(0, 2, one["id"])]) for one in tables]
    parts = {"train": Part(tables, asked), "test": Part(tables, asked)}
    dataset = written.dataset(tmp_path, parts)
    found = dataset_files.tables(dataset, "train")
    assert [one.name for one in found.values()] == [name for name in HOSTILE if name.strip()]
    assert [one.text for one in dataset_files.stream(dataset, "train")] == list(found)
    assert [one.rows[0][0] for one in found.values()] == list(found)


def test_an_empty_database_can_be_opened(tmp_path: Path) -> None:
    file = write(tmp_path / "a.db")
    assert file.stat().st_size > 0
    assert read(file, "SELECT * FROM sqlite_master") == []


def test_nothing_is_kept_if_writing_fails(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        write(tmp_path / "a.db", made(types=("text",)), made(types=("text",), name="T"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("one", "other"), [("Table_A", "tABLE_a"), ("x😀", "X😀")])
def test_names_that_sqlite_takes_for_one_are_folded_to_one(one: str, other: str) -> None:
    assert case_folded(one) == case_folded(other)


@pytest.mark.parametrize(("one", "other"), [("é", "É"), ("Ａ", "ａ"), ("a", "a "), ("ß", "ss")])
def test_names_that_sqlite_keeps_apart_stay_apart(tmp_path: Path, one: str, other: str) -> None:
    assert case_folded(one) != case_folded(other)
    write(tmp_path / "a.db", made(types=("text",), name=one), made(types=("text",), name=other))


def test_wide_and_long_tables_load(tmp_path: Path) -> None:
    wide = table("wide", {f"列{i}": "real" for i in range(200)}, [[i * 0.5 for i in range(200)]])
    long = table("long", {"列": "text"}, [(f"甲{i}",) for i in range(100_000)])
    part = Part((wide, long), (question("wide", "多少", [(199, 5)]), question("long", "多少", [(0, 4)])))
    dataset = written.dataset(tmp_path, {"train": part, "test": written.TEST})
    file = dataset_files.database(dataset, "train")
    assert read(file, "SELECT col_200 FROM Table_wide") == [(99.5,)]
    assert read(file, "SELECT count(*), max(rowid) FROM Table_long") == [(100_000, 100_000)]
