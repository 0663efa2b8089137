"""What is counted of labels, of five rows and of generated contests; and what lies beside a model."""

import json

import numpy as np
import pytest

from tasks.core.errors import UserError
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.decoding.query_search import finds_nothing
from tasks.nl2sql.label_counts import counts
from tasks.nl2sql.label_counts.counting import count_labels
from tasks.nl2sql.label_counts.counts import FILE, REAL, TEXT, LabelCounts
from tasks.nl2sql.label_counts.rows_found import TableRows
from tasks.nl2sql.query.schema import AND, EQUAL, GREATER, LESS, OPERATORS, Condition, Query, Question
from tests.nl2sql.generated import generated
from tests.nl2sql.tiny import HEADER, ROWS, TABLE, executor, query


def counted(*asked: tuple[str, str]) -> LabelCounts:
    """Counts of questions about the small table, each with its query."""
    questions = [Question(text, text, TABLE.id, query(label)) for text, label in asked]
    return count_labels(questions, {TABLE.id: TABLE})


def test_no_labels_count_nothing():
    for value, zero in zip(count_labels([], {}), LabelCounts.zero(), strict=True):
        assert value.shape == zero.shape
        assert not value.any()


def test_operators_and_aggregates_are_counted_by_type_of_column():
    found = counted(("海州的最高单价", "MAX2 | 0==海州"), ("单价高于10的城市", "0 | 2>10"))
    assert found.operators[TEXT].tolist() == [0, 0, 1, 0]
    assert found.operators[REAL].tolist() == [1, 0, 0, 0]
    assert found.aggregates[TEXT].tolist() == [1, 0, 0, 0, 0, 0]
    assert found.aggregates[REAL].tolist() == [0, 0, 1, 0, 0, 0]


def test_two_selected_columns_are_counted_once_and_none_never():
    found = counted(("海州的单价和增长率", "2,3 | 0==海州"), ("海州的单价", "2 | 0==海州"), ("单价", "2 | "))
    assert found.selected.tolist() == [2, 1]


def test_a_selected_column_with_a_condition_is_counted_beside_chance():
    found = counted(("单价高于10的单价", "2 | 2>10"), ("海州1月的城市", "0 | 0==海州 and 1==1"))
    np.testing.assert_allclose(found.compared, [[1, 2 / 5], [1, 1 / 5]])


@pytest.mark.parametrize(
    ("text", "label", "row", "kind", "place"),
    [
        ("海州的单价", "2 | 0==海州", TEXT, 0, 0),
        ("增长率是海州的", "2 | 4==海州", TEXT, 0, 1),
        ("叫天堂的", "2 | 0==天堂", TEXT, 0, 2),
        ("单价高于10", "0 | 2>10", REAL, 1, 0),
        ("增长率高于40", "0 | 3>40", REAL, 1, 1),
        ("单价高于17", "0 | 2>17", REAL, 1, 2),
        ("在2之后的月份", "0 | 1>2", TEXT, 1, 0),
        ("说的不在问题里", "2 | 0==海州", TEXT, 0, 0),
    ],
)
def test_where_a_value_stands_is_counted_by_type_and_kind_of_operator(text, label, row, kind, place):
    found = counted((text, label)).places
    assert found.sum() == found[row, kind, place] == 1


def test_connectors_are_counted_by_whether_one_column_must_equal_two_values():
    found = counted(
        ("临江和海州", "2 | 0==临江 or 0==海州"),
        ("既是临江又是海州", "2 | 0==临江 and 0==海州"),
        ("临江1月", "2 | 0==临江 and 1==1"),
        ("临江", "2 | 0==临江"),
    )
    assert found.connectors.tolist() == [[1, 0], [1, 1]]


def test_neighbouring_values_are_counted_by_whether_they_share_characters():
    found = counted(("临江1月和海州", "2 | 0==临江 and 1==1 and 4==海州"), ("临江", "2 | 0==临江"))
    assert found.overlaps.tolist() == [0, 2]
    shared = counted(("临江州", "2 | 0==临江 or 4==江州"))
    assert shared.overlaps.tolist() == [1, 0]


def test_counts_are_of_the_given_questions_in_any_order():
    asked = [("海州的单价", "2 | 0==海州"), ("单价高于10", "0,3 | 2>10"), ("临江1月", "2 | 0==临江 and 1==1")]
    one, other = counted(*asked), counted(*reversed(asked))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))


FOUND = [
    f"{select} | {where}" for select in ("2", "COUNT0", "MAX2", "4", "SUM3") for where in ("", "0==临江")
]
FOUND += ["2 | 0==没有", "COUNT0 | 0==没有", "4 | 0==南屏", "2 | 0==临江 and 1==3", "MAX2 | 0==临江 and 1==3"]


@pytest.mark.parametrize("label", FOUND)
def test_queries_find_what_the_database_finds(label, tmp_path):
    made = query(label)
    expected = not finds_nothing(made, executor(tmp_path, TABLE).run(TABLE.id, made))
    assert TableRows(TABLE).finds_something(made) is expected


VALUES = (
    "",
    "临江",
    "9.5%",
    "10%",
    "9.5",
    "10",
    "010",
    "5",
    "1e3",
    "1,000",
    " 10",
    "-3",
    "col_1",
    "20.0",
    "九",
)


@pytest.mark.parametrize("operator", range(len(OPERATORS)))
@pytest.mark.parametrize("column", range(len(HEADER)))
def test_cells_compare_as_in_the_database(column, operator, tmp_path):
    table = TABLE._replace(rows=(*ROWS, ("10", "9", "1,000", "12%", "20.0"), (7, 8.5, "x", -3, "")))
    run, rows = executor(tmp_path, table), TableRows(table)
    for value in VALUES:
        asked = Query(((0, 4),), 0, (Condition(column, operator, value),))
        (count,) = run.run(table.id, asked).rows[0]
        assert int(rows._fulfilling(asked).sum()) == count, (value, count)


@pytest.fixture(scope="module")
def standard() -> LabelCounts:
    return count_labels(*generated("standard"))


@pytest.fixture(scope="module")
def varied() -> LabelCounts:
    return count_labels(*generated("varied"))


def test_shares_of_a_generated_contest_are_recovered(standard, varied):
    assert 0.005 < standard.selected[1] / standard.selected.sum() < 0.05
    assert 0.1 < varied.selected[1] / varied.selected.sum() < 0.17
    assert standard.operators[TEXT, [GREATER, LESS]].sum() == 0
    assert varied.operators[TEXT, [GREATER, LESS]].sum() > 0.2 * varied.operators.sum()
    compared = [each.compared[:, 0].sum() / each.aggregates.sum() for each in (standard, varied)]
    assert compared[0] < 0.08 < 0.1 < compared[1]


def test_factors_of_a_generated_contest_are_those_of_its_kind(standard, varied):
    usual, other = QueryFactors.of(standard), QueryFactors.of(varied)
    assert usual.another_selected < 0.1
    assert 0.2 < other.another_selected < 0.5
    assert usual.operators[TEXT, [GREATER, LESS]].max() < 0.1
    assert other.operators[TEXT, [GREATER, LESS]].min() > 0.6
    assert usual.aggregates[TEXT].min() < 0.1 < 0.5 < other.aggregates[TEXT].min()
    assert other.compared.min() > 2 * usual.compared.min()
    assert usual.places[TEXT, 0, 1] < 0.05
    assert usual.contradiction < 0.2


def test_labels_find_rows_unless_numbers_are_compared_as_text(standard, varied):
    assert standard.found[0] < 0.03 * standard.found.sum()
    assert varied.found[0] > standard.found[0]


def test_counts_beside_models_are_read_back_and_averaged(tmp_path):
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    one = counted(("海州的单价和增长率", "2,3 | 0==海州"))
    counts.write(folders[0], one)
    counts.write(folders[1], LabelCounts.zero())
    assert all((a == b).all() for a, b in zip(counts.read(folders[:1]), one, strict=True))
    assert all((2 * a == b).all() for a, b in zip(counts.read(folders), one, strict=True))


DAMAGED = {
    "absent": None,
    "no JSON": "{",
    "no object": "[]",
    "a field is missing": {"found": None},
    "another shape": {"found": [1, 2, 3]},
    "a text": {"selected": ["a", "b"]},
    "ragged": {"operators": [[1], [1, 2]]},
    "negative": {"found": [-1, 2]},
    "not a number": {"found": [float("nan"), 2]},
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_model_without_its_counts_is_refused_in_one_message(tmp_path, case):
    content, file = DAMAGED[case], tmp_path / FILE
    if isinstance(content, str):
        file.write_text(content, "utf-8")
    elif content is not None:
        counts.write(tmp_path, LabelCounts.zero())
        whole = {**json.loads(file.read_text("utf-8")), **content}
        file.write_text(
            json.dumps({name: value for name, value in whole.items() if value is not None}), "utf-8"
        )
    with pytest.raises(UserError, match="expected counts of the labels"):
        counts.read([tmp_path])


def test_contradictions_find_nothing():
    both = Query(((2, 0),), AND, (Condition(0, EQUAL, "临江"), Condition(0, EQUAL, "海州")))
    assert count_labels([Question("q", "临江海州", TABLE.id, both)], {TABLE.id: TABLE}).found.tolist() == [
        1,
        0,
    ]
