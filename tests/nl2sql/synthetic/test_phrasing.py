from random import Random

import pytest

from tasks.nl2sql.synthetic.phrasing import alternative_form, chinese_numeral, fill, in_ten_thousands


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "零"),
        ("7", "七"),
        ("10", "十"),
        ("12", "十二"),
        ("20", "二十"),
        ("105", "一百零五"),
        ("110", "一百一十"),
        ("1005", "一千零五"),
        ("1050", "一千零五十"),
        ("3200", "三千二百"),
        ("10000", "一万"),
        ("10005", "一万零五"),
        ("100050", "十万零五十"),
        ("10010000", "一千零一万"),
        ("30000000", "三千万"),
        ("100000001", "一亿零一"),
        ("320.5", "三百二十点五"),
        ("0.25", "零点二五"),
    ],
)
def test_numbers_are_written_in_chinese_numerals(number, text):
    assert chinese_numeral(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [("32000", "3.2万"), ("300000", "30万"), ("32001", "32001"), ("3200", "3200"), ("12000.5", "12000.5")],
)
def test_round_numbers_are_counted_in_ten_thousands(number, text):
    assert in_ten_thousands(number) == text


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("2018-05-06", "date", {"2018年5月6日"}),
        ("2018", "year", {"18年", "二零一八年"}),
        ("25.5%", "percent", {"百分之二十五点五"}),
        ("25.5", "percent", {"百分之二十五点五"}),
        ("32000", "number", {"三万二千", "3.2万"}),
        ("云河店", "word", {"云河店"}),
    ],
)
def test_values_are_written_as_people_also_write_them(value, kind, expected):
    assert {alternative_form(value, kind, Random(seed)) for seed in range(20)} == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("甲", {"甲"}),
        ("甲|乙", {"甲", "乙"}),
        ("{甲|乙}{v}", {"甲1", "乙1"}),
        ("{{v}多|少{甲|乙}}", {"1多", "少甲", "少乙"}),
        ("{甲|}乙", {"甲乙", "乙"}),
        ("{v}|{w}", {"1", "{x|y}"}),
    ],
)
def test_patterns_are_filled_in(pattern, expected):
    given = {"v": "1", "w": "{x|y}"}
    assert {fill(pattern, given, Random(seed)) for seed in range(30)} == expected


def test_braces_must_close():
    with pytest.raises(ValueError, match="as many"):
        fill("{甲", {}, Random(0))
