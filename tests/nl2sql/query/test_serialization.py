import json

import pytest

from tasks.nl2sql.query.schema import NONE, Condition, Query
from tasks.nl2sql.query.serialization import (
    InvalidQuery,
    canonical,
    from_json,
    quoted,
    readable,
    sql,
    to_json,
)
from tests.nl2sql.tiny import TABLE, query


def test_a_query_is_written_as_the_competition_writes_it_and_read_back():
    value = {"agg": [5, 0], "sel": [2, 0], "cond_conn_op": 1, "conds": [[1, 2, "1"], [0, 3, "临江"]]}
    read = from_json(value)
    assert read == query("SUM2,0 | 1==1 and 0!=临江")
    assert to_json(read) == value
    assert list(to_json(read)) == ["agg", "sel", "cond_conn_op", "conds"]
    assert from_json(json.loads(json.dumps(to_json(read)))) == read


SAME = {
    "conditions in another order": ("0 | 1==1 and 2>3", "0 | 2>3 and 1==1"),
    "two on one column": ("0 | 1==2 or 1==1", "0 | 1==1 or 1==2"),
    "selected columns in another order": ("2,SUM1 | 0==a", "SUM1,2 | 0==a"),
    "aggregates of one column": ("MIN2,MAX2 | 0==a", "MAX2,MIN2 | 0==a"),
}
DIFFERENT = {
    "the connector": ("0 | 1==1 and 2>3", "0 | 1==1 or 2>3"),
    "a condition twice": ("0 | 1==1 and 1==1", "0 | 1==1"),
    "case": ("0 | 0==a", "0 | 0==A"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_one_question_has_one_canonical_query(one, other):
    assert query(one) != query(other)
    assert canonical(query(one)) == canonical(query(other)) == canonical(canonical(query(other)))


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_stays_different(one, other):
    assert canonical(query(one)) != canonical(query(other))


def test_a_single_condition_needs_no_connector():
    assert canonical(query("0 | 1==1")._replace(connector=2)).connector == NONE
    assert canonical(query("0 | 1==1 or 1==2")).connector == 2


def test_values_are_bound_and_names_quoted():
    hostile = TABLE._replace(name='t"; DROP TABLE x; --')
    text, values = sql(query("AVG2,0 | 0=='; DROP TABLE t; -- or 2>\"1"), hostile)
    assert text == (
        'SELECT AVG(col_3), col_1 FROM "t""; DROP TABLE x; --" WHERE col_1 == ? or col_3 > ?'
    )  # fmt: skip
    assert values == ["'; DROP TABLE t; --", '"1']
    assert sql(query("COUNT1"), TABLE) == ('SELECT COUNT(col_2) FROM "Table_t"', [])
    assert quoted("") == '""'


UNFIT = {
    "a selected column too many": (query("5 | 0==a"), r"expected columns in 0…4, received \[5\]"),
    "a condition's column below 0": (Query(((0, 0),), 0, (Condition(-1, 2, ""),)), r"received \[-1\]"),
    "no selected column": (query(" | 0==a"), "expected a selected column"),
    "no connector": (query("0 | 0==a and 1==1")._replace(connector=0), "a connector for 2 conditions"),
}


@pytest.mark.parametrize(("unfit", "message"), UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_the_table_is_refused(unfit, message):
    with pytest.raises(InvalidQuery, match=message):
        sql(unfit, TABLE)


def test_people_read_the_names_of_the_header_on_one_line():
    assert readable(query("SUM2,0 | 0==临江 and 3>5%"), TABLE) == (
        "SELECT SUM(单价), 城市 FROM 房价表 WHERE 城市 == '临江' and 增长率 > '5%'"
    )
    assert readable(query("0 | 4==it's\n\x1b[31m"), TABLE._replace(title="")) == (
        "SELECT 城市 FROM t WHERE 备注 == 'it''s  [31m'"
    )
    assert readable(query("COUNT0"), TABLE) == "SELECT COUNT(城市) FROM 房价表"
