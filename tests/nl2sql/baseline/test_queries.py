import json

import numpy as np
import pytest

from tasks.nl2sql.baseline.inference import decode_runs
from tasks.nl2sql.baseline.outputs import BaselineProbabilities
from tasks.nl2sql.config import Decoding
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.query.schema import Query, Question, Table, canonical, from_json
from tasks.nl2sql.sketch.labels import NO_AGGREGATE, NO_OPERATOR, labels_of
from tests.nl2sql.tiny import TABLE, executor, query
from tests.nl2sql.usual_factors import USUAL

PUBLISHED = {"normalise": False, "execution": False}
NEXT_YEAR = TABLE._replace(
    rows=(
        ("临江花园", "1", 10.0, "9.5%", "a"),
        ("海州", "2", 20.0, "10%", "临江大厦"),
        ("南屏", "2", 3.0, "", "x"),
    )
)


def sure(text: str, label: Query, table: Table = TABLE, *, doubt: float = 0.1) -> BaselineProbabilities:
    """What a network would say that knows the query; `doubt` is shared out among all classes."""
    found = dict(zip(label.conditions, align_values(label.conditions, text, table), strict=True))
    labels = labels_of(label, text, columns=len(table.header), spans=found)

    def spread(targets: np.ndarray, size: int) -> np.ndarray:
        return np.asarray(np.eye(size)[targets] * (1 - doubt) + doubt / size, np.float32)

    return BaselineProbabilities(
        spread(np.array(labels.connector), 3),
        spread(labels.select, NO_AGGREGATE + 1),
        spread(labels.tags, NO_OPERATOR + 1),
        spread(labels.columns, len(table.header)),
    )


def decoded(
    text: str, found: BaselineProbabilities, table: Table = TABLE, run=None, **settings
) -> list[tuple[Query, float]]:
    asked = [Question("q", text, table.id, None)]
    made = Decoding.model_validate({**PUBLISHED, **settings})
    (record,) = decode_runs([found], asked, {table.id: table}, run, settings=made, factors=USUAL).records()
    assert list(record.values()) == sorted(record.values(), reverse=True)
    assert 0 < sum(record.values()) <= 1 + 1e-9
    return [(from_json(json.loads(each)), score) for each, score in record.items()]


def first(text: str, found: BaselineProbabilities, table: Table = TABLE, **settings) -> Query:
    return decoded(text, found, table, **settings)[0][0]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("临江的单价", "2 | 0==临江"),
        ("单价大于15的城市有几个", "COUNT0 | 2>15"),
        ("临江或者海州的单价和月份", "1,2 | 0==临江 or 0==海州"),
        ("除了临江，单价低于30的最高", "MAX2 | 0!=临江 and 2<30"),
        ("单价是多少", "2 | "),
        ("增长率为9.5%的", "0 | 3==9.5%"),
    ],
)
def test_a_network_that_knows_the_query_is_understood(text, label):
    wanted = canonical(query(label))
    assert first(text, sure(text, wanted)) == wanted


def test_a_value_at_the_end_of_the_question_is_one_too():
    assert first("城市是临江", sure("城市是临江", query("2 | 0==临江"))) == query("2 | 0==临江")


def test_a_text_is_not_compared_by_less_and_greater():
    found = sure("临江的单价", query("2 | 0>临江"))
    assert first("临江的单价", found) == query("2 | 0==临江")
    unequal = sure("临江的单价", query("2 | 0!=临江"))
    assert first("临江的单价", unequal) == query("2 | 0!=临江")


def test_a_text_that_is_in_no_cell_becomes_the_nearest_by_edit_distance():
    text = "临江小花园的单价"
    tags = np.eye(5, dtype=np.float32)[[2] * 5 + [4] * 3]
    found = sure(text, query("2 | "), NEXT_YEAR)._replace(tags=tags)
    assert first(text, found, NEXT_YEAR).conditions == ((0, 2, "临江花园"),)
    assert first(text, found, NEXT_YEAR, cells=False).conditions[0].value == "临江小花园"


def test_of_equally_near_cells_that_of_the_most_probable_column_is_taken():
    text = "临江吗"
    tags = np.eye(5, dtype=np.float32)[[2, 2, 4]]
    for column, cell in [(0, "临江花园"), (4, "临江大厦")]:
        columns = np.full((3, 5), 0.1, np.float32)
        columns[:, column] = 0.6
        found = sure(text, query("2 | "), NEXT_YEAR)._replace(tags=tags, columns=columns)
        assert first(text, found, NEXT_YEAR).conditions == ((column, 2, cell),)


def test_a_value_that_is_only_in_other_columns_belongs_to_the_most_probable_of_them():
    text, column = "海州的单价", np.full((5, 5), 0.02, np.float32)
    column[:, 1] = 0.9
    found = sure(text, query("2 | 0==海州"))._replace(columns=column)
    assert first(text, found) == query("2 | 0==海州")
    number = sure("单价大于25", query("2 | 1>25"))
    assert first("单价大于25", number) == query("2 | 1>25")  # a bound need not be in a cell


def test_amounts_are_in_the_form_of_the_table_only_if_they_are_to_be_normalised():
    table = TABLE._replace(header=("城市", "月份", "单价（万元）", "增长率", "备注"))
    text, label = "单价高于二十万元的", query("0 | 2>20")
    found = sure(text, label, table)
    assert first(text, found, table).conditions[0].value == "二十万"
    assert first(text, found, table, normalise=True) == label


@pytest.mark.parametrize("select", [np.eye(7)[[6] * 5], np.full((5, 7), 1 / 7), np.zeros((5, 7))])
def test_a_column_is_selected_even_where_none_is_likely(select):
    found = sure("临江", query("2 | 0==临江"))._replace(select=select.astype(np.float32))
    for each, _ in decoded("临江", found):
        assert each.select


def test_alternatives_leave_out_values_and_try_other_columns_connectors_and_selections():
    text = "临江或者海州的单价"
    found = sure(text, query("2 | 0==临江 or 0==海州"), doubt=0.4)
    queries = [each for each, _ in decoded(text, found, beam=100)]
    assert queries[0] == canonical(query("2 | 0==临江 or 0==海州"))
    assert {each.connector for each in queries} == {0, 1, 2}
    assert {len(each.conditions) for each in queries} >= {1, 2}
    assert len({each.select for each in queries}) > 1
    assert len(queries) == len(set(queries))


def test_ties_are_decided_by_position_and_the_same_each_time():
    text = "临江1"
    even = BaselineProbabilities(
        *(np.full(shape, 1 / shape[-1], np.float32) for shape in [(3,), (5, 7), (3, 5), (3, 5)])
    )
    found = [decoded(text, even) for _ in range(2)]
    assert found[0] == found[1]
    best = found[0][0][0]
    assert best.select == tuple((column, 0) for column in range(5))
    assert [each.column for each in best.conditions] == [0]


def test_queries_that_find_nothing_are_less_probable_if_they_are_run(tmp_path):
    text, label, run = "南屏的3月", query("2 | 0==南屏 and 1==3"), executor(tmp_path, TABLE)
    found = sure(text, label, doubt=0.2)
    one, other = (dict(decoded(text, found, run=run, execution=each)) for each in (False, True))
    assert other[label] == pytest.approx(one[label] / 2)


def test_values_that_touch_and_have_one_operator_are_one_run():
    """As in the published network, which has no tag for the first character of a value."""
    table = TABLE._replace(rows=((*TABLE.rows[0][:4], "临江海州"),))
    found = sure("临江海州", query("2 | 0==临江 or 0==海州"), table)
    assert first("临江海州", found, table).conditions == ((4, 2, "临江海州"),)
