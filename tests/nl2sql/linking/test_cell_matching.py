"""Which cell a text refers to; names are invented after those of the real tables."""

import time
from itertools import pairwise
from random import Random

import pytest

from tasks.nl2sql.linking.cell_matching import (
    ColumnCells,
    most_similar_cell,
    numeric_value,
    plain_form,
    similar_cells,
)

COMPANIES = ["远帆科技", "远帆科技有限公司", "晚舟（集团）股份有限公司", "雨前建筑", "中铁九十局集团有限公司"]
PROJECTS = [
    "青石·花园",
    "临江壹号院",
    "北窗城MOMΛ",
    "云境（知云花园）",
    "山海汇Ⅱ期",
    "临江99°",
    "春山＋",
    "樾",
]
PLACES = ["云州", "海州市", "上海市嘉南区", "西北"]
GROUPS = ["远帆集团有限公司,晚舟置业有限公司", "晚舟置业有限公司", "雨前控股有限公司"]
MONTHS = ["2021-07-01 08:00:00", "2021-08-01 08:00:00"]
CHINESE_MONTHS = ["2021年07月", "2021年11月"]
SHARES = ["73.18%", "6.5%", "40.0%"]
AMOUNTS = [3127.45, 814.6, 96.0, -12.08]
CODES = ["YB-301759876088", "CK3018590403"]

SIMILAR = [
    # as it is
    ("远帆科技", COMPANIES, "远帆科技"),
    ("樾", PROJECTS, "樾"),
    ("YB-301759876088", CODES, "YB-301759876088"),
    # in another width, case, with other marks or numerals
    ("晚舟(集团)股份有限公司", COMPANIES, "晚舟（集团）股份有限公司"),
    ("晚舟集团股份有限公司", COMPANIES, "晚舟（集团）股份有限公司"),
    ("yb-301759876088", CODES, "YB-301759876088"),
    ("YB301759876088", CODES, "YB-301759876088"),
    ("青石花园", PROJECTS, "青石·花园"),
    ("青石•花园", PROJECTS, "青石·花园"),
    ("临江一号院", PROJECTS, "临江壹号院"),
    ("临江1号院", PROJECTS, "临江壹号院"),
    ("北窗城moma", PROJECTS, "北窗城MOMΛ"),
    ("山海汇II期", PROJECTS, "山海汇Ⅱ期"),
    ("春山+", PROJECTS, "春山＋"),
    ("中铁90局集团有限公司", COMPANIES, "中铁九十局集团有限公司"),
    # a part of it, or more
    ("云境", PROJECTS, "云境（知云花园）"),
    ("知云花园", PROJECTS, "云境（知云花园）"),
    ("云州市", PLACES, "云州"),
    ("海州", PLACES, "海州市"),
    ("西北地区", PLACES, "西北"),
    ("上海嘉南区", PLACES, "上海市嘉南区"),
    ("雨前控股", GROUPS, "雨前控股有限公司"),
    # a character too few, too many, or wrong
    ("远帆科", COMPANIES, "远帆科技"),
    ("在远帆科技", COMPANIES, "远帆科技"),
    ("远帆科技有限公", COMPANIES, "远帆科技有限公司"),
    ("中铁九十局集团有限公", COMPANIES, "中铁九十局集团有限公司"),
    ("雨前建工", COMPANIES, "雨前建筑"),
    ("临江99", PROJECTS, "临江99°"),
    # the same number or date
    ("3127.450", AMOUNTS, "3127.45"),
    ("96", AMOUNTS, "96.0"),
    ("-12.08", AMOUNTS, "-12.08"),
    ("73.18", SHARES, "73.18%"),
    ("百分之四十", SHARES, "40.0%"),
    ("2021年7月", MONTHS, "2021-07-01 08:00:00"),
    ("2021年8月", MONTHS, "2021-08-01 08:00:00"),
    ("2021年7月", CHINESE_MONTHS, "2021年07月"),
    ("二零二一年十一月", CHINESE_MONTHS, "2021年11月"),
    # nothing like it
    ("潮汐银行", COMPANIES, None),
    ("", COMPANIES, None),
    ("?", PROJECTS, None),
    ("远帆", [], None),
    ("9999.99", AMOUNTS, None),
]


@pytest.mark.parametrize(("text", "column", "expected"), SIMILAR)
def test_the_cell_that_a_text_refers_to(text, column, expected):
    assert most_similar_cell(text, ColumnCells(column)) == expected


def test_cells_are_ranked_by_similarity_then_by_order_in_the_table():
    found = similar_cells("远帆科技", ColumnCells([*COMPANIES, "远帆建工", "帆远科技"]), limit=3)
    assert [match.cell for match in found] == ["远帆科技", "远帆科技有限公司", "远帆建工"]
    assert found[0].similarity == 1
    assert all(one.similarity >= other.similarity for one, other in pairwise(found))


def test_equal_cells_are_one_and_empty_ones_none():
    assert ColumnCells(["甲", None, "乙", "", "甲", 1.0, 1.0]).texts == ("甲", "乙", "1.0")


def test_a_mark_alone_keeps_its_form():
    assert plain_form("——") == "——"
    assert plain_form("（Ａ）１号 院") == "a1号院"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("73.18%", 73.18), (96.0, 96), (7, 7), ("1,234.5", 1234.5), ("-3", -3), ("30％", 30)],
)
def test_a_number_of_a_cell_is_that_before_its_percent_sign(cell, expected):
    assert numeric_value(cell) == expected


@pytest.mark.parametrize("cell", [None, "", "远帆", "2021年", "nan", "inf", "1e999", "2018-9-14"])
def test_other_cells_are_no_numbers(cell):
    assert numeric_value(cell) != numeric_value(cell)


def test_a_column_of_20_000_cells_is_searched_in_milliseconds():
    source, characters = Random(0), "远帆晚舟雨前青石临江北窗海天云山明月清风长河"
    names = ["".join(source.choices(characters, k=6)) + "有限公司" for _ in range(20_000)]
    cells = ColumnCells(names)
    assert most_similar_cell(names[-1][:-1], cells) == names[-1]
    started = time.process_time()
    for name in names[:20]:
        assert most_similar_cell(name[:-1], cells) == name
    assert (time.process_time() - started) / 20 < 0.05
