import pytest

from tasks.nl2sql.augmentation.column_statistics import TableStatistics, cell_texts, number_form
from tasks.nl2sql.augmentation.literal_mentions import NameMatch, literal_matches, value_span
from tasks.nl2sql.query.schema import Condition, Query, Table

HEADER = ("城市", "利润", "利润（剔除降价）", "绿化率(%)", "增量（较上年）（%）", "比例（上）", "比例（下）")


def columns(header=HEADER, rows=()):
    return TableStatistics(Table("t", "T", "", header, ("text",) * len(header), rows))


def matches(text, *values, header=HEADER):
    query = Query(((0, 0),), 0, tuple(Condition(0, 2, value) for value in values))
    return literal_matches(text, query, columns(header))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("利润和利润（剔除降价）", [(0, 2, 1), (3, 11, 2)]),
        ("绿化率高", [(0, 3, 3)]),
        ("绿化率(%)高", [(0, 6, 3)]),
        ("增量（较上年）多", [(0, 7, 4)]),
        ("增量多", [(0, 2, 4)]),
        ("比例", []),
        ("比例（上）", [(0, 5, 5)]),
        ("利润（估计）", []),
        ("利润-主业务", []),
        ("什么", []),
    ],
    ids=str,
)
def test_columns_are_found_by_names_that_are_theirs_alone(text, found):
    assert matches(text).names == tuple(NameMatch(*each) for each in found)


@pytest.mark.parametrize(
    ("text", "value", "span"),
    [
        ("在临江的", "临江", (1, 3)),
        ("在临江和临江", "临江", None),
        ("在海州", "临江", None),
        ("大于85的", "85", (2, 4)),
        ("大于285的", "85", None),
        ("大于85.5的", "85", None),
        ("大于3.85的", "85", None),
        ("285和85", "85", (4, 6)),
        ("大于85.", "85", (2, 4)),
        ("第3.甲", "甲", (3, 4)),
        ("空", "", None),
    ],
)
def test_a_value_occurs_once_and_not_within_a_number(text, value, span):
    assert value_span(text, value) == span


def test_a_name_within_a_value_is_none():
    assert matches("城市花园的利润", "城市花园").names == (NameMatch(5, 7, 1),)


def test_a_value_within_a_longer_name_is_none():
    found = matches("利润（剔除降价）是", "降价")
    assert (found.values, [match.column for match in found.names]) == ((None,), [2])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((124.0, 3.0), ["124", "3"]),
        ((124.0, 3.5), ["124.0", "3.5"]),
        ((7, None, " 甲 ", ""), ["7", "", "甲", ""]),
        ((float("inf"), float("nan")), ["inf", "nan"]),
        ((), []),
    ],
)
def test_cells_are_written_as_questions_write_them(cells, expected):
    assert cell_texts(cells) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("123.5", "987.25", True),
        ("123.5", "1234.5", False),
        ("123.5", "123", False),
        ("12.5%", "31.4%", True),
        ("12.5%", "12.5", False),
        ("甲", "12", False),
    ],
)
def test_numbers_have_a_form(one, other, same):
    assert (number_form(one) == number_form(other)) is same


def test_a_column_is_called_without_its_unit():
    assert columns().names_for_questions[3] == ["绿化率"]
    assert columns(("价格(元)", "价格")).names_for_questions == {0: ["价格(元)"], 1: ["价格"]}


def test_no_column_of_two_alike_has_a_name():
    assert columns(("甲", "甲", "")).names == {}


def test_a_table_without_rows_has_nothing_to_draw():
    assert columns().by_kind == {}
