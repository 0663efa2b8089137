import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tasks.core.errors import InvalidData
from tasks.nl2sql import data
from tasks.nl2sql.config import Data
from tests.nl2sql import written


def counted(root: Path) -> dict[str, list[str]]:
    return {note["kind"]: note["examples"] for note in data.count(Data(root=str(root)))["notes"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Raw files with the competition's own database of the training part."""
    root = written.write(tmp_path / "raw")
    written.write_database(root / "train" / "train.db", written.TRAIN.tables)
    return root


def change(root: Path, sql: str) -> None:
    with closing(sqlite3.connect(root / "train" / "train.db")) as connection:
        connection.executescript(sql)


def test_a_database_of_the_same_tables_changes_nothing(root: Path, tmp_path: Path) -> None:
    written_files = []
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
        written.load(root, tmp_path / name)
        written_files.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
        (root / "train" / "train.db").unlink(missing_ok=True)
    assert written_files[0] == written_files[1]


def test_it_is_not_written_to(root: Path) -> None:
    change(root, "PRAGMA journal_mode = WAL; CREATE TABLE other (a)")
    before = (root / "train" / "train.db").read_bytes()
    counted(root)
    assert (root / "train" / "train.db").read_bytes() == before
    assert sorted(file.name for file in (root / "train").iterdir()) == [
        "train.db",
        "train.json",
        "train.tables.json",
    ]


@pytest.mark.parametrize(
    "harmless",
    [
        "UPDATE Table_table_0 SET col_4 = 2620.0400000000001 WHERE rowid = 1",
        "UPDATE Table_land SET col_2 = '' WHERE rowid = 3",
        "UPDATE Table_land SET col_4 = NULL WHERE rowid = 3",
        "ALTER TABLE Table_land RENAME TO x; ALTER TABLE x RENAME TO TABLE_LAND",
        "ALTER TABLE 南屏市商品房成交价格表 RENAME TO Table_houses",
        "ALTER TABLE Table_land RENAME COLUMN col_1 TO COL_1",
        "CREATE TABLE extra (a)",
    ],
)
def test_other_ways_to_store_the_same_are_accepted(root: Path, harmless: str) -> None:
    change(root, harmless)
    assert "differing_cell" not in counted(root)


@pytest.mark.parametrize(
    ("sql", "example"),
    [
        (
            "UPDATE Table_land SET col_3 = 2.6 WHERE rowid = 1",
            "Table_land, row 1, col_3: the number 2.6 in place of the number 2.5",
        ),
        (
            "UPDATE Table_land SET col_1 = 'x' WHERE rowid = 2",
            'Table_land, row 2, col_1: "x" in place of "B7地块"',
        ),
        (
            "UPDATE Table_land SET col_2 = x'00ff' WHERE rowid = 1",
            'Table_land, row 1, col_2: 2 bytes in place of "远帆集团"',
        ),
    ],
)
def test_other_cells_are_noted(root: Path, sql: str, example: str) -> None:
    change(root, sql)
    assert counted(root)["differing_cell"] == [example]


COMPUTED = (
    'DROP TABLE "Table_land"; CREATE TABLE "Table_land" (col_1 TEXT, col_2 TEXT, col_3 REAL, '
    "col_4 TEXT GENERATED ALWAYS AS (printf('%.*c', 900000000, 'x')) VIRTUAL); "
    "INSERT INTO \"Table_land\" VALUES ('a', 'b', 1), ('a', 'b', 1), ('a', 'b', 1)"
)


def test_computed_columns_are_not_read(root: Path) -> None:
    change(root, COMPUTED)
    with pytest.raises(
        InvalidData, match='stored columns only in table "Table_land", received computed ones'
    ):
        counted(root)


def test_a_cell_is_no_longer_than_a_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(root, "UPDATE \"Table_land\" SET col_1 = printf('%.*c', 5000, 'x')")
    assert any("Table_land, row 1" in each for examples in counted(root).values() for each in examples)
    monkeypatch.setenv("PODIUM_MOST_LINE_BYTES", "4000")
    with pytest.raises(InvalidData, match=r"one that cannot be read .string or blob too big"):
        counted(root)


def test_a_file_that_fails_while_it_is_read_is_one_message(root: Path) -> None:
    (root / "train" / "train.db").unlink()
    (root / "train" / "train.db").symlink_to("/proc/self/mem")
    with pytest.raises(
        InvalidData, match=r"train\.db: expected an SQLite database, .* cannot be read .disk I/O"
    ):
        counted(root)
