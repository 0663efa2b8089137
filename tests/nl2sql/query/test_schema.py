import json

import pytest

from tasks.nl2sql.query.schema import NONE, canonical, from_json, to_json
from tests.nl2sql.tiny import query


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
