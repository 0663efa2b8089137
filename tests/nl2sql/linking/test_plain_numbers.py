"""What is a number, as a table; and codes that Python takes for numbers are found as texts."""

import math

import pytest

from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.plain_numbers import plain_number
from tasks.nl2sql.linking.value_normalisation import value_for
from tasks.nl2sql.query.schema import EQUAL, Table
from tasks.nl2sql.two_stage.candidates import find_candidates

NUMBERS = {
    "0": 0, "7": 7, "007": 7, "42": 42, "-3": -3, "+3": 3, "1.5": 1.5, "-0.25": -0.25, ".5": 0.5, "-.5": -0.5,
    "00.50": 0.5, "1,500": 1500, "1,234.5": 1234.5, "12,345,678": 12345678, "-1,000": -1000,
    "+1,000.5": 1000.5, "73.18%": 73.18, "30％": 30, "69.92 %": 69.92, "-4%": -4, "1,500%": 1500, " 42": 42,
    "42 ": 42, "\t 42795": 42795, "42\n": 42, "  5% ": 5, "9007199254740993": 9007199254740992.0,
    "1" * 300: float("1" * 300), "0.1": 0.1,
}  # fmt: skip
TEXTS = [
    "", " ", "甲", "2020_01", "1_000", "1E3", "1e3", "1e+3", "1e999", "2E-5", "１２", "１２%", "٣", "1２",
    "0x10", "0b1", "1,50", "1,5000", ",500", "1,,000", "1500,", "12,345,67", "5.", "1.2.3", "1..2", ".", "-",
    "²", "Ⅳ", "①", "1__0", "_1", "1_", "٣٤", "10²",
    "+", "%", "--3", "-+3", "- 3", "3-", "1 500", "1 / 2", "1/2", "½", "1%%", "%1", "5‰", "¥5", "5元", "12万",
    "2021年", "2018-9-14", "10:30", "nan", "NaN", "inf", "-inf", "Infinity", "1j", "(5)", "5)", "\u30005",
    "−3", "一", "9" * 400,
]  # fmt: skip


def test_the_table_has_over_sixty_forms():
    assert len(NUMBERS) + len(set(TEXTS)) > 60


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_a_number(text, value):
    assert plain_number(text) == value


@pytest.mark.parametrize("text", TEXTS)
def test_a_text(text):
    assert math.isnan(plain_number(text))


CELLS = [
    *("2020_01", "1E3", "1_000", "１２", "0x10", "1,50", "1__0", "_1", "1e3", "٣٤", "10²", "1½", "第①", "m²"),
    *("²", "½", "Ⅳ", "①", "㈠", "٣", "３", "⑩"),
]
TABLE = Table(
    "t", "t", "", ("批次", "产量"), ("text", "real"), tuple((cell, 5 + row) for row, cell in enumerate(CELLS))
)


@pytest.mark.parametrize("cell", CELLS)
def test_a_code_is_mentioned_a_candidate_and_a_value(cell):
    asked = f"批次{cell}的产量是多少"
    assert [(match.column, match.cell) for match in cell_matches(asked, TABLE)] == [(0, cell)]
    assert (0, cell) in {(each.column, each.value) for each in find_candidates(asked, TABLE, most=32)}
    assert value_for(cell, 0, TABLE, EQUAL) == cell


@pytest.mark.parametrize("asked", ["{}批次的产量", "产量大于5的是哪个：{}", "批次({})产量", "批次{}，产量"])
@pytest.mark.parametrize("cell", ["²", "½", "Ⅳ", "①", "٣", "３"])
def test_a_numeral_of_one_character_is_mentioned_wherever_it_stands_alone(cell, asked):
    assert [match.cell for match in cell_matches(asked.format(cell), TABLE) if match.column == 0] == [cell]


@pytest.mark.parametrize(
    ("cell", "asked"),
    [("²", "面积10m²的"), ("½", "1½倍的"), ("Ⅳ", "3-Ⅳ期的"), ("①", "①②批次的"), ("٣", "٣٤批次的"),
     ("３", "13批次的"), ("３", "产量1.3的"), ("３", "3,000批次的"), ("〇", "二〇一八年"),
     ("一", "一批次的")],
)  # fmt: skip
def test_a_numeral_inside_something_longer_is_no_mention(cell, asked):
    table = TABLE._replace(rows=((cell, 5), ("甲乙", 6)))
    assert [match for match in cell_matches(asked, table) if match.column == 0] == []


@pytest.mark.parametrize("cell", ["1E3", "1e3", "0x10", "_1", "②", "½", "Ⅳ", "１", "٣"])
def test_a_code_is_not_found_by_a_number_that_it_may_stand_for(cell):
    table = TABLE._replace(rows=((cell, 5), ("甲乙", 6)))
    for number in (1000, 16, 2, 0.5, 4, 3):
        assert cell_matches(f"批次{number}的产量", table) == []


def test_a_number_behind_a_tab_is_found_by_its_size():
    table = Table("t", "t", "", ("编号", "产量"), ("text", "real"), (("\t 42795", 5), ("42796", 6)))
    (match,) = cell_matches("编号42795的产量", table)
    assert match.cell == "\t 42795"
