"""Cells that occur in a question."""

import time

import pytest

from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.table_index import table_index, without_ending
from tests.nl2sql.invented_tables import CITY, COMPANIES, WIDE, table

MATCHES = [
    # texts, as they are
    (CITY, "青石花园小区的绿化率", [("青石花园", "项目名称")]),
    (CITY, "上海市嘉南区青石花园", [("上海市嘉南区", "区域"), ("青石花园", "项目名称")]),
    (CITY, "北窗城momΛ的成交套数", [("北窗城momΛ", "项目名称")]),
    (CITY, "汉水1872的绿化率", [("汉水1872", "项目名称")]),
    (WIDE, "编号YB-301759876088的负责人", [("YB-301759876088", "项目号")]),
    (WIDE, "在大同市且区域类型为乡镇", [("大同", "市"), ("乡镇", "区域类型")]),
    # the longest counts, and no part of a number or a Latin word
    (CITY, "观澜樾的绿化率", [("观澜樾", "项目名称")]),
    (CITY, "樾和观澜樾的绿化率", [("樾", "项目名称"), ("观澜樾", "项目名称")]),
    (WIDE, "编号YB-30175的负责人", []),
    (WIDE, "ATOD工程的负责人", []),
    (WIDE, "晋城市的公司", [("晋城", "市"), ("城市", "区域类型")]),
    # one character in other words
    (COMPANIES, "这是不是国有企业，是否属于", []),
    (CITY, "临樾府的绿化率", []),
    # without marks, or without an ending that the question has as a word
    (CITY, "云境天悦的绿化率", [("云境天悦", "项目名称")]),
    (WIDE, "名为观星台的项目", [("观星台", "项目名称")]),
    (WIDE, "叫远帆的公司", [("远帆", "公司名称")]),
    (WIDE, "远帆科技的总利润", [("远帆科技", "公司名称")]),
    # numbers by value, in all columns that hold them
    (WIDE, "总利润大于2041.5的公司", [("2041.5", "总利润")]),
    (WIDE, "总利润大于2041.50的公司", [("2041.50", "总利润")]),
    (WIDE, "缺损率高于21.07%的", [("21.07%", "综合货物缺损率（%）")]),
    (WIDE, "编号57的", [("57", "客户编号"), ("57", "销售量（万件）"), ("57", "员工数")]),
    (WIDE, "总利润大于12041.5的公司", []),
    (WIDE, "总利润大于41.5的公司", []),
    # those of dates in columns of times and of texts only
    (WIDE, "2019年3月的总利润", [("2019", "年度"), ("3", "月份")]),
    (CITY, "2021年7月的成交套数", []),
    # nothing
    (WIDE, "", []),
    (WIDE, "有哪些", []),
]


@pytest.mark.parametrize(("table", "question", "expected"), MATCHES)
def test_cells_in_a_question(table, question, expected):
    found = [
        (question[one.start : one.end], table.header[one.column]) for one in cell_matches(question, table)
    ]
    assert found == expected


def test_a_match_has_the_cell_as_in_the_table():
    assert [one.cell for one in cell_matches("名为观星台的项目", WIDE)] == ["观星台项目"]
    assert [one.cell for one in cell_matches("缺损率为73.18的", WIDE)] == ["73.18%"]
    assert [one.cell for one in cell_matches("总利润为3127.450的", WIDE)] == ["3127.45"]


@pytest.mark.parametrize("empty", [table({"甲": ("text", ())}), table({"甲": ("real", (None, ""))})])
def test_an_empty_table_has_no_matches(empty):
    assert cell_matches("甲大于3.5", empty) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("远帆有限责任公司", "远帆"),
        ("观星台项目", "观星台"),
        ("海州市", "海州"),
        ("甲公司", "甲公司"),
        ("公司", "公司"),
    ],
)
def test_a_name_without_its_ending_has_two_characters_at_least(name, expected):
    assert without_ending(name) == expected


def test_a_table_is_indexed_once():
    assert table_index(WIDE) is table_index(WIDE)
    equal = WIDE._replace(id="other")
    assert table_index(equal) is not table_index(WIDE)


def test_answers_are_the_callers_own():
    cell_matches("青石花园", CITY).clear()
    assert len(cell_matches("青石花园", CITY)) == 1


def test_a_question_costs_a_millisecond_also_of_a_large_table():
    names = tuple(f"名{place}号{place * 7}院" for place in range(20_000))
    large = table({"项目名称": ("text", names), "值": ("real", tuple(map(float, range(20_000))))})
    cell_matches("", large)
    started = time.process_time()
    for place in range(200):
        cell_matches(f"请问名{place}号{place * 7}院的值大于{place}.5的有哪些", large)
    assert (time.process_time() - started) / 200 < 0.01
