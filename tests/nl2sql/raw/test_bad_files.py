"""Every way in which raw files are wrong: what is done to a good set, and what the message must say."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.core.competition import Part
from tasks.core.errors import InvalidData
from tasks.nl2sql import data
from tasks.nl2sql import dataset as files
from tasks.nl2sql.config import Data
from tests.extraction.mutations import content, encoded, end_cut, folder_instead, lacks, line, put, value
from tests.nl2sql import written

TRAIN, TABLES = "train/train.json", "train/train.tables.json"
VALIDATION, VALIDATION_TABLES = "val/val.json", "val/val.tables.json"
TEST, TEST_TABLES = "test/test.json", "test/test.tables.json"
DATABASE = "train/train.db"
PART_OF: dict[str, Part] = {"train": "train", "val": "validation", "test": "test"}
FIRST = ("sql", "conds", 0)


class Case(NamedTuple):
    name: str
    file: str
    mutate: Callable[[Path], object]
    """Is given the file."""
    expected: str
    received: str
    line: int | None = None


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("no")


def again(number: int, **other: Any) -> Callable[[Path], object]:
    """A table stands once more at the end, these keys of it changed."""

    def mutate(file: Path) -> None:
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join([*lines, lines[number - 1]]))
        for key, one in other.items():
            put(len(lines) + 1, key, to=one)(file)

    return mutate


def database(change: str) -> Callable[[Path], object]:
    """The competition's own database of the training tables, changed by this SQL."""

    def mutate(file: Path) -> None:
        written.write_database(file, written.TRAIN.tables)
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(change)

    return mutate


FILES = [
    Case("no questions", TRAIN, Path.unlink, "questions of train", "nothing of this name"),
    Case("no tables", TABLES, Path.unlink, "tables of train", "nothing of this name"),
    Case("no test", TEST, Path.unlink, "questions of test", "nothing of this name"),
    Case("half a part", VALIDATION_TABLES, Path.unlink, "tables of validation", "nothing of this name"),
    Case("a folder", VALIDATION, folder_instead, "questions of validation", "a folder"),
    Case("a dangling link", TEST_TABLES, dangling, "", "a broken link"),
    Case("no content", TRAIN, content(""), "at least one line", "an empty file (0 bytes)"),
    Case("no tables in it", TEST_TABLES, content("\n"), "at least one line", "(blank lines only)"),
    Case("not UTF-8", TRAIN, line(2, b'{"a": "\xff"}'), "text in UTF-8", "byte 0xff at byte 8", 2),
    Case("GB 18030", TABLES, encoded("gb18030"), "text in UTF-8", "byte 0x", 1),
    Case("UTF-16", TEST, encoded("utf-16"), "text in UTF-8", "UTF-16"),
    Case("NUL bytes", TABLES, line(3, bytes(40)), "text in UTF-8", "a NUL byte", 3),
    Case("broken JSON", TABLES, line(2, '{"id": "a" "b"}'), "one JSON object", "column 12", 2),
    Case("a cut end", TRAIN, end_cut, "one JSON object", "the file ends within this line", 7),
    Case("a blank line", VALIDATION, line(1, " "), "content in each line", "a blank line", 1),
    Case("a list", TABLES, line(1, "[1, 2]"), "one JSON object a line", "a list of 2", 1),
    Case("a key twice", TABLES, line(1, '{"id": "a", "id": "b"}'), "one JSON", '"id" more than once', 1),
    Case("NaN in a cell", TABLES, line(1, '{"rows": [[NaN]]}'), "one JSON", "NaN, which is no JSON", 1),
    Case("infinite value", TRAIN, line(1, '{"sql": Infinity}'), "one JSON", "Infinity, which is no", 1),
    Case("a huge line", TRAIN, line(1, "x" * (3 << 20)), "at most 1,048,576 bytes", "a longer one", 1),
    Case("no database", DATABASE, content("Chinese"), "an SQLite database", "cannot be read (file is not"),
    Case("database a folder", DATABASE, Path.mkdir, "an SQLite database of train, or nothing", "a folder"),
    Case(
        "database lacks one", DATABASE, database("DROP TABLE Table_land"), 'a table "Table_land"', "2 others"
    ),
    Case(
        "database with a view",
        DATABASE,
        database("ALTER TABLE Table_land RENAME TO x; CREATE VIEW Table_land AS SELECT * FROM x"),
        'a table "Table_land"',
        "3 others",
    ),
    Case(
        "database with other columns",
        DATABASE,
        database("ALTER TABLE Table_land RENAME COLUMN col_2 TO col_9"),
        'columns col_1 to col_4 in table "Table_land"',
        '"col_1", "col_9", "col_3", "col_4"',
    ),
    Case(
        "database lacks a row",
        DATABASE,
        database("DELETE FROM Table_land WHERE rowid = 2"),
        '3 rows in table "Table_land"',
        "2",
    ),
]

TABLE_LINES = [
    Case("no id", TABLES, lacks(2, "id"), 'the key "id"', 'an object with "name", "title"', 2),
    Case("no header", TABLES, lacks(1, "header"), 'the key "header"', "an object with", 1),
    Case("types misspelt", TABLES, value(1, lambda v: v.update(type=v.pop("types"))), "", '"type" meant?', 1),
    Case("no rows", TEST_TABLES, lacks(1, "rows"), 'the key "rows"', "an object with", 1),
    Case("id a number", TABLES, put(1, "id", to=4), 'text as "id"', "the number 4", 1),
    Case("id empty", TABLES, put(1, "id", to=""), 'text as "id"', "an empty one", 1),
    Case(
        "NUL in a name",
        TABLES,
        put(1, "name", to="a\0"),
        "characters of text in name",
        "NUL character as character 2",
        1,
    ),
    Case("title a list", TABLES, put(3, "title", to=[]), 'text as "title"', "a list of 0", 3),
    Case("SQLite's name", TABLES, put(3, "name", to="SQLite_a"), "SQLite does not reserve", '"SQLite_a"', 3),
    Case("id again", TABLES, again(1, name="x"), "a unique id", '"houses" of line 1 again', 4),
    Case(
        "name again",
        TABLES,
        again(2, id="x", name="TABLE_land"),
        "a unique name, ignoring case",
        "of line 2",
        4,
    ),
    Case("header as text", TABLES, put(1, "header", to="ab"), 'a list as "header"', '"ab"', 1),
    Case("heading a number", TABLES, put(1, "header", 2, to=7), "heading of column 2", "number 7", 1),
    Case("heading null", TABLES, put(1, "header", 0, to=None), "text as heading of column 0", "null", 1),
    Case("NUL in a heading", TABLES, put(1, "header", 0, to="\0"), "text in header[0]", "a NUL", 1),
    Case("no columns", TABLES, put(1, "header", to=[]), "1 to 1,000 columns", "0", 1),
    Case("too many", TABLES, put(1, "header", to=["a"] * 1001), "1 to 1,000 columns", "1,001", 1),
    Case("another type", TABLES, put(2, "types", 1, to="int"), "type of column 1", '"int"', 2),
    Case("types too few", TABLES, lacks(2, "types", 0), "types for 4 columns", "3 types", 2),
    Case("rows an object", TABLES, put(2, "rows", to={"a": 1}), 'a list as "rows"', 'object with "a"', 2),
    Case("row as text", TABLES, put(2, "rows", 1, to="a"), "a list as row 2", '"a"', 2),
    Case("row too narrow", TABLES, lacks(3, "rows", 1, 0), "6 cells in row 2", "5", 3),
    Case("row too wide", TABLES, put(1, "rows", 0, to=[1] * 5), "4 cells in row 1", "5", 1),
    Case("cell a list", TABLES, put(1, "rows", 0, 1, to=[2]), "in row 1, column 1", "a list of 1", 1),
    Case("cell a truth", TABLES, put(1, "rows", 2, 3, to=True), "in row 3, column 3", "true", 1),
    Case(
        "huge integer", TABLES, put(1, "rows", 0, 1, to=2**63), "64 bits in row 1", "9223372036854775808", 1
    ),
    Case("NUL in a cell", TABLES, put(1, "rows", 1, 0, to="a\0"), "text in rows[1][0]", "NUL", 1),
    Case("half a pair", TABLES, put(1, "rows", 1, 0, to="\ud800"), "text in rows[1][0]", r"'\ud800'", 1),
    Case(
        "number beyond all",
        TABLES,
        line(1, '{"id": "a", "header": ["a"], "types": ["real"], "rows": [[1e999]]}'),
        "one JSON object a line",
        "a number that is too large",
        1,
    ),
]

QUESTION_LINES = [
    Case("no question", TEST, lacks(2, "question"), 'the key "question"', 'with "table_id"', 2),
    Case("question misspelt", TEST, line(1, '{"questions": "a"}'), "", 'is "questions" meant?', 1),
    Case("question empty", TRAIN, put(1, "question", to=" "), 'as "question"', "white space only", 1),
    Case("NUL in a question", TRAIN, put(3, "question", to="\0"), "text in question", "a NUL character", 3),
    Case("no table", TRAIN, lacks(4, "table_id"), 'the key "table_id"', "an object", 4),
    Case("unknown table", TRAIN, put(4, "table_id", to="sea"), "one of the part's tables", '"sea"', 4),
    Case("another part's", TEST, put(1, "table_id", to="land"), "one of the part's tables", '"land"', 1),
    Case("table a number", TEST, put(1, "table_id", to=1), 'text as "table_id"', "the number 1", 1),
    Case("no sql", VALIDATION, lacks(1, "sql"), 'the key "sql"', 'with "table_id", "question"', 1),
    Case("sql as text", TRAIN, put(1, "sql", to="SELECT"), 'an object as "sql"', '"SELECT"', 1),
    Case("no agg", TRAIN, lacks(2, "sql", "agg"), 'the key "agg"', 'with "sel"', 2),
    Case("no connector", TRAIN, lacks(2, "sql", "cond_conn_op"), '"cond_conn_op"', 'with "sel"', 2),
    Case("sel a number", TRAIN, put(1, "sql", "sel", to=1), 'a list as "sel"', "the number 1", 1),
    Case("nothing selected", TRAIN, put(1, "sql", "sel", to=[]), "at least one column", "none", 1),
    Case("column too high", TRAIN, put(1, "sql", "sel", 0, to=4), "0 to 3 as entry 1", "number 4", 1),
    Case("column negative", TRAIN, put(1, "sql", "sel", 0, to=-1), "0 to 3 as entry 1", "number -1", 1),
    Case("column a float", TRAIN, put(1, "sql", "sel", 0, to=1.0), "0 to 3 as entry 1", "number 1.0", 1),
    Case("column a truth", TRAIN, put(1, "sql", "sel", 0, to=True), "0 to 3 as entry 1", "true", 1),
    Case("another aggregate", TRAIN, put(1, "sql", "agg", 0, to=6), "aggregate as entry 1", "number 6", 1),
    Case("agg too long", TRAIN, put(1, "sql", "agg", to=[0, 0]), "each of 1 columns", "2", 1),
    Case("another connector", TRAIN, put(2, "sql", "cond_conn_op", to=3), "0 to 2", "number 3", 2),
    Case("not connected", TRAIN, put(2, "sql", "cond_conn_op", to=0), "there are 2 conditions", "0", 2),
    Case("conds an object", TRAIN, put(1, "sql", "conds", to={}), 'a list as "conds"', "no keys", 1),
    Case("condition too short", TRAIN, put(1, *FIRST, to=[0, 2]), "value as condition 1", "list of 2", 1),
    Case("condition as text", TRAIN, put(1, *FIRST, to="a=b"), "value as condition 1", '"a=b"', 1),
    Case("condition's column", TRAIN, put(1, *FIRST, 0, to=9), "0 to 3 in condition 1", "number 9", 1),
    Case("another operator", TRAIN, put(1, *FIRST, 1, to=4), "operator in condition 1", "number 4", 1),
    Case("value null", TRAIN, put(1, *FIRST, 2, to=None), "as value of condition 1", "null", 1),
    Case("value a list", TRAIN, put(1, *FIRST, 2, to=["a"]), "as value of condition 1", "list of 1", 1),
    Case("NUL in a value", TRAIN, put(1, *FIRST, 2, to="a\0"), "text in sql.conds[0][2]", "NUL", 1),
]

CASES = FILES + TABLE_LINES + QUESTION_LINES


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return written.write(tmp_path / "raw")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_wrong_files_are_refused_and_nothing_is_written(case: Case, root: Path, tmp_path: Path) -> None:
    case.mutate(root / case.file)
    folder = tmp_path / "dataset"
    folder.mkdir()
    with pytest.raises(InvalidData) as error:
        data.load(Data(root=str(root)), PART_OF[case.file.partition("/")[0]], folder)
    problem = error.value.problems[0]
    assert (problem.file, problem.line) == (root / case.file, case.line)
    assert case.expected in problem.expected
    assert case.received in problem.received
    assert list(folder.iterdir()) == []
    with pytest.raises(InvalidData) as counted:
        data.count(Data(root=str(root)))
    assert counted.value.problems == error.value.problems


def test_files_of_other_parts_may_be_wrong_or_absent(root: Path, tmp_path: Path) -> None:
    for file in (TRAIN, VALIDATION):
        content("no JSON")(root / file)
    (root / TABLES).unlink()
    data.load(Data(root=str(root)), "test", tmp_path)
    assert [each.id for each in files.questions(tmp_path, "test")] == ["test:1", "test:2"]


def test_problems_of_all_parts_are_counted_at_once(root: Path) -> None:
    wrong = [TABLES, VALIDATION, TEST]
    for file in wrong:
        content("no JSON")(root / file)
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    assert [problem.file for problem in error.value.problems] == [root / file for file in wrong]


def test_each_file_is_named_though_one_has_many_problems(root: Path) -> None:
    (root / TRAIN).write_bytes(b"{}\n" * 50)
    (root / TEST).write_bytes(b"[]\n")
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    assert str(root / TEST) in str(error.value)
    assert len(error.value.problems) == 50 * 3 + 1


def test_questions_of_a_table_with_faults_are_not_called_faulty(root: Path) -> None:
    lacks(1, "rows")(root / TABLES)
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    assert [problem.file for problem in error.value.problems] == [root / TABLES]


def test_of_a_table_with_many_wrong_rows_a_few_are_reported(root: Path) -> None:
    put(1, "rows", to=[[1]] * 5000)(root / TABLES)
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    assert len(error.value.problems) == 5
