"""Alignment of the values of labels with spans of their question."""

import pytest

from tasks.nl2sql.linking.cell_matching import ColumnCells
from tasks.nl2sql.linking.value_alignment import align_value, align_values
from tasks.nl2sql.query.schema import EQUAL, GREATER, Condition
from tests.nl2sql.invented_tables import COMPANIES, WIDE

ALIGNED = [
    # as it is
    ("2041.5", "总利润低于2041.5的公司", "real", "2041.5"),
    ("21.07%", "缺损率高于21.07%，且在云州的", "real", "21.07%"),
    ("青石花园", "请问青石花园小区的绿化率", "text", "青石花园"),
    ("大同", "大同市内总利润低于2041.5的", "text", "大同"),
    ("晚舟（集团）有限公司", "晚舟(集团)有限公司的利润", "text", "晚舟(集团)有限公司"),
    ("北窗城MOMΛ", "北窗城momλ的绿化率", "text", "北窗城momλ"),
    ("2500", "营业利润超过2500万的企业", "real", "2500"),
    # not within a number
    ("5", "2015年和5月", "text", "5"),
    ("41.5", "高于2041.5和41.5的", "real", "41.5"),
    # in another form
    ("30000", "营业利润超过了3亿元？", "real", "3亿"),
    ("120000", "营业利润超过12亿的企业", "real", "12亿"),
    ("15000", "营业利润超过一点五亿", "real", "一点五亿"),
    ("96.0", "员工数等于96的", "real", "96"),
    ("50%", "缺损率低于五成的", "real", "五成"),
    ("0.5", "入住率高于50%的", "real", "50%"),
    ("2018", "18年的利润", "text", "18年"),
    ("2018", "二零一八年的利润", "text", "二零一八"),
    ("7", "七月的利润", "text", "七"),
    ("2021年07月", "2021年7月成交", "text", "2021年7月"),
    ("2021-07-01 08:00:00", "2021年7月成交", "text", "2021年7月"),
    # nowhere
    ("9999", "总利润低于2041.5的公司", "real", None),
    ("青石花园", "临江小区的绿化率", "text", None),
    ("", "总利润", "text", None),
    ("甲", "", "text", None),
]


@pytest.mark.parametrize(("value", "question", "type_", "expected"), ALIGNED)
def test_the_span_of_a_value(value, question, type_, expected):
    span = align_value(value, question, type_)
    assert (question[slice(*span)] if span else None) == expected


def test_a_similar_text_counts_only_if_it_matches_back_to_the_value():
    question, cells = "请问远帆科学的利润", ColumnCells(["远帆科技", "雨前建筑"])
    assert align_value("远帆科技", question, "text") is None
    assert align_value("远帆科技", question, "text", cells=cells) == (2, 6)
    assert align_value("远帆科技", question, "text", cells=ColumnCells(["远帆科技", "远帆科学院"])) is None
    assert align_value("2041.5", "低于2041.6", "real", cells=cells) is None


def test_a_value_takes_no_part_of_a_longer_one():
    question = "有哪几个公司在晋城市且区域类型为城市？"
    conditions = [
        Condition(WIDE.header.index(name), EQUAL, value)
        for name, value in (("区域类型", "城市"), ("市", "晋城"))
    ]
    spans = align_values(conditions, question, WIDE)
    assert [question[slice(*span)] for span in spans if span] == ["城市", "晋城"]


def test_equal_values_take_their_places_in_order():
    conditions = [Condition(10, GREATER, "57"), Condition(13, GREATER, "57")]
    assert align_values(conditions, "总利润与员工数分别大于57与57的", WIDE) == [(11, 13), (14, 16)]


def test_a_value_that_the_question_does_not_have_has_no_span():
    conditions = [Condition(2, EQUAL, "信用债寻求展期"), Condition(3, GREATER, "30000")]
    assert align_values(conditions, "营业利润超过3亿的企业", COMPANIES) == [None, (6, 8)]
