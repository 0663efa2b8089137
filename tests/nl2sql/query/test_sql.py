import pytest

from tasks.nl2sql.query.schema import Condition, Query
from tasks.nl2sql.query.sql import InvalidQuery, quoted, readable, sql
from tests.nl2sql.tiny import TABLE, query


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
