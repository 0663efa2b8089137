import sqlite3
import threading
import tracemalloc

import pytest

from tasks.nl2sql.query import execution
from tasks.nl2sql.query.execution import Result
from tasks.nl2sql.query.schema import Condition, Query, Table
from tests.nl2sql.tiny import ROWS, TABLE, executor, query

MEANS = {
    "equal text": ("2 | 0==临江", [(10.0,), (None,)]),
    "case counts": ("0 | 4==a", [("临江",)]),
    "and": ("0 | 1==1 and 2>10", [("海州",)]),
    "or": ("0 | 1==2 or 2>20", [("南屏",), ("Rain",)]),
    "unequal leaves out what is empty": ("0 | 2!=20", [("临江",), ("Rain",)]),
    "a number written otherwise": ("0 | 2==2e1", [("海州",), ("南屏",)]),
    "text is no number": ("0 | 1==1.0", []),
    "text compares by its characters": ("0 | 1>1", [("南屏",), ("Rain",), ("临江",)]),
    "percentages compare by their characters": ("3 | 3>10%", [("9.5%",), ("30%",)]),
    "strings are greater than numbers": ("3 | 3>1000", [("9.5%",), ("10%",), ("30%",), ("",)]),
    "two on one column": ("1 | 0==海州 or 0==南屏", [("1",), ("2",)]),
    "a column named as a value": ("0 | 1==col_1", [("Rain",)]),
    "quotes": ('0 | 4==say "x"', [("Rain",)]),
    "count": ("COUNT2 | 0==临江", [(1,)]),
    "count of nothing": ("COUNT0 | 0==x", [(0,)]),
    "sum": ("SUM2 | 1==1", [(30.0,)]),
    "sum of nothing": ("SUM2 | 0==x", [(None,)]),
    "sum of percentages takes their numbers": ("SUM3 | 1==1", [(19.5,)]),
    "average": ("AVG2 | 2>0", [(22.5,)]),
    "extremes": ("MAX2,MIN2 | 1==1", [(20.0, 10.0)]),
    "no condition": ("COUNT0", [(5,)]),
    "canonical order of columns": ("2,0 | 1==2", [("南屏", 20.0)]),
}  # fmt: skip


@pytest.mark.parametrize(("written", "rows"), MEANS.values(), ids=MEANS)
def test_what_queries_mean(tmp_path, written, rows):
    assert executor(tmp_path, TABLE).run("t", query(written)) == Result(tuple(rows))


def test_what_is_no_query_of_the_table_is_an_error_and_not_raised(tmp_path):
    runs = executor(tmp_path, TABLE)
    for unfit in (query("7 | 0==a"), query(""), query("0 | 0==a and 1==b")._replace(connector=0)):
        assert runs.run("t", unfit) == Result((), "invalid")
    lone = Query(((0, 0),), 0, (Condition(0, 2, "\ud800"),))
    assert runs.run("t", lone) == Result((), "refused")
    assert runs.run("t", query("0 | 0==临江")).error is None


NAMES = ['a"b', "t'; DROP TABLE x; --", "select", "表 1", "col_1", "[x]", "`", "😀", "Table_t\u2028", ""]


def test_hostile_names_headers_and_values_are_only_names_and_values(tmp_path):
    tables = [
        Table(f"id{number}", name, name, (name,), ("text",), ((name,), ("x\0y",)))
        for number, name in enumerate(NAMES)
    ]
    runs = executor(tmp_path, *tables)
    for table in tables:
        found = runs.run(table.id, Query(((0, 0),), 0, (Condition(0, 2, table.name),)))
        assert found == Result(((table.name,),))
        assert runs.run(table.id, Query(((0, 4),), 0, (Condition(0, 2, "x\0y"),))) == Result(((1,),))


ESCAPES = [
    "DROP TABLE Table_t",
    "DELETE FROM Table_t",
    "UPDATE Table_t SET col_1 = 'x'",
    "INSERT INTO Table_t (col_1) VALUES ('x')",
    "CREATE TABLE y (z)",
    "CREATE TEMP TABLE y (z)",
    "ATTACH DATABASE ':memory:' AS y",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "VACUUM",
    "BEGIN",
    "SELECT sql FROM sqlite_master",
    "SELECT name FROM sqlite_schema",
    "SELECT load_extension('x')",
    "SELECT randomblob(1000000000)",
    "SELECT readfile('/etc/passwd')",
    "SELECT COUNT(*) FROM pragma_table_info('Table_t')",
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n",
    "SELECT 1; DROP TABLE Table_t",
    "SELECT COUNT(*) FROM Table_t\0",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_but_reading_tables_is_allowed(tmp_path, text):
    runs = executor(tmp_path, TABLE)
    before = (tmp_path / "tables.db").read_bytes()
    assert runs.run_text(text) == Result((), "refused")
    assert runs.run("t", query("COUNT0")) == Result(((len(ROWS),),))
    assert (tmp_path / "tables.db").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["tables.db"]


def test_a_query_that_works_too_long_is_ended(tmp_path, monkeypatch):
    rows = tuple((str(number),) for number in range(400))
    runs = executor(tmp_path, Table("t", "t", "", ("a",), ("text",), rows))
    slow = f"SELECT COUNT(*) FROM {', '.join(f't AS t{number}' for number in range(6))}"
    monkeypatch.setattr(execution, "MOST_STEPS", 1_000_000)
    assert runs.run_text(slow) == Result((), "time")
    monkeypatch.setattr(execution, "MOST_STEPS", 10**15)
    monkeypatch.setattr(execution, "MOST_SECONDS", 0.01)
    assert runs.run_text(slow) == Result((), "time")
    assert runs.run("t", query("COUNT0")) == Result(((400,),))


def test_results_have_at_most_so_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "MOST_ROWS", 4)
    runs = executor(tmp_path, TABLE)
    assert runs.run("t", query("0")) == Result((), "rows")
    assert len(runs.run("t", query("0 | 2>0")).rows) == 4


def test_a_hundred_thousand_rows_are_within_the_limits(tmp_path):
    rows = tuple((str(number), float(number)) for number in range(100_000))
    runs = executor(tmp_path, Table("t", "t", "", ("a", "b"), ("text", "real"), rows))
    assert len(runs.run("t", query("0 | 1>-1 and 0!=x")).rows) == 100_000
    assert runs.run("t", query("SUM1 | 0!=x or 1>5")) == Result(((4999950000.0,),))


def test_two_hundred_columns_can_be_read(tmp_path):
    wide = Table("t", "t", "", ("a",) * 200, ("real",) * 200, (tuple(map(float, range(200))),))
    assert executor(tmp_path, wide).run("t", query("199 | 198==198")) == Result(((199.0,),))


def test_a_query_is_run_once_however_it_is_put(tmp_path, monkeypatch):
    runs, ran = executor(tmp_path, TABLE), []
    fetch = execution.fetch
    monkeypatch.setattr(execution, "fetch", lambda *given: ran.append(given) or fetch(*given))
    results = [runs.run("t", query(each)) for each in ("0 | 1==1 and 2>5", "0 | 2>5 and 1==1")]
    assert results[0] is results[1]
    assert len(ran) == 1


def test_the_cache_is_bounded(tmp_path, monkeypatch):
    runs, ran = executor(tmp_path, TABLE), []
    fetch = execution.fetch
    monkeypatch.setattr(execution, "fetch", lambda *given: ran.append(given) or fetch(*given))
    monkeypatch.setattr(execution, "ROWS_OF_A_RESULT", 10)
    runs._most_cached_rows = 26
    five, two, none = query("0"), query("0 | 0==临江"), query("0 | 0==x")
    for each in (five, none, five, two, two, five):
        runs.run("t", each)
    assert len(ran) == 4  # the rows of two do not fit beside the others, and those of five not beside two


def test_any_thread_may_collect_it(tmp_path):
    executors = [executor(tmp_path, TABLE)]
    connection = executors[0]._connection
    thread = threading.Thread(target=executors.clear)
    thread.start()
    thread.join()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


@pytest.mark.parametrize("folder", ["a b", "a?mode=rwc", "a#b", "100%41", "中文"])
def test_the_database_may_lie_anywhere(tmp_path, folder):
    assert executor(tmp_path / folder, TABLE).run("t", query("COUNT0")) == Result(((5,),))


def test_a_result_of_1900_columns_is_bounded_in_memory(tmp_path):
    """200,000 rows of them would take 30 GB."""
    count, text = 1900, "x" * 100
    header, types = tuple(f"c{number}" for number in range(count)), ("text",) * count
    wide = Table("t", "t", "t", header, types, ((text,) * count,) * 2000)
    runs = executor(tmp_path, wide)
    chosen = query("0")._replace(select=tuple((column, 0) for column in range(count)))
    tracemalloc.start()
    try:
        assert runs.run("t", chosen) == Result((), "rows")
        assert tracemalloc.get_traced_memory()[1] < 500_000_000
    finally:
        tracemalloc.stop()


def test_long_texts_are_bounded_too(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "MOST_CHARACTERS", 10_000)
    long = Table("t", "t", "t", ("c", "d"), ("text", "text"), (("x" * 3000, "y"),) * 5)
    runs = executor(tmp_path, long)
    assert runs.run("t", query("0")) == Result((), "rows")
    assert len(runs.run("t", query("1")).rows) == 5
