"""Dates: as the real questions and cells write them, then in other abbreviated forms."""

import pytest

from tasks.nl2sql.linking.dates import date_forms, find_dates, parse_date, same_date

PARSED = [
    # of the real questions and cells: (year, quarter, month, day)
    ("2021年", (2021, None, None, None)),
    ("2021年度", (2021, None, None, None)),
    ("2021年7月", (2021, None, 7, None)),
    ("2021年07月", (2021, None, 7, None)),
    ("2021年11月", (2021, None, 11, None)),
    ("2021年07月09日", (2021, None, 7, 9)),
    ("2021-07-01 08:00:00", (2021, None, 7, 1)),
    ("2018-9-14", (2018, None, 9, 14)),
    ("第二季度", (None, 2, None, None)),
    ("六月", (None, None, 6, None)),
    # other short forms
    ("17年", (2017, None, None, None)),
    ("98年", (1998, None, None, None)),
    ("一七年", (2017, None, None, None)),
    ("二零一八年", (2018, None, None, None)),
    ("二〇一八年度", (2018, None, None, None)),
    ("二零一八年十二月", (2018, None, 12, None)),
    ("2021年的7月", (2021, None, 7, None)),
    ("2017年第一季度", (2017, 1, None, None)),
    ("3季度", (None, 3, None, None)),
    ("十二月份", (None, None, 12, None)),
    ("3月5号", (None, None, 3, 5)),
    ("三月二十一日", (None, None, 3, 21)),
    ("2021/7/9", (2021, None, 7, 9)),
    ("2021.7.9", (2021, None, 7, 9)),
    ("2021-07", (2021, None, 7, None)),
    ("２０２１年", (2021, None, None, None)),
]


@pytest.mark.parametrize(("text", "parts"), PARSED)
def test_a_date_is_parsed(text, parts):
    parsed = parse_date(text)
    assert parsed is not None
    assert parsed.parts == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021",
        "几年",
        "一年",
        "去年",
        "2021.4",
        "2019-2020",
        "2021年13月",
        "3月40日",
        "24季",
        "JB-20175988",
        "年",
    ],
)
def test_what_is_no_date_is_not_parsed(text):
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("请问2021年7月，云州市青石小区", ["2021年7月", "2021年", "7月"]),
        ("请问在2020年，远帆集团", ["2020年"]),
        ("第三季度管理指标高于2041.5的", ["第三季度"]),
        ("2017年第一季度的利润", ["2017年第一季度", "2017年", "一季度"]),
        ("前六月销售数", ["六月"]),
        ("17年的利润", ["17年"]),
        # numbers, names and times relative to now
        ("总资产高于2017.08的公司", []),
        ("同比增加量（较上季度）", []),
        ("较上一季度的总资产增量", []),
        ("一年内到期的负债", []),
        ("用户增长率（较上一年）", []),
        ("是在哪一年哪一月成交的", []),
        ("有哪几年远帆证券的利润", []),
        ("云政储出[2019]17号", []),
        ("10年以上的项目", []),
    ],
)
def test_dates_are_found_with_their_parts(question, expected):
    assert [question[one.start : one.end] for one in find_dates(question)] == expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("17年", "2017"),
        ("二零一八年", "2018年"),
        ("七月", "7"),
        ("七月", "07"),
        ("第二季度", "2"),
        ("2季度", "第二季度"),
        ("2017年第二季度", "2017年第二季度"),
        ("2021年7月", "2021年07月"),
        ("2021年7月", "2021-07"),
        ("二零二一年七月九日", "2021-7-9"),
        ("2021年7月9日", "2021年07月09日"),
        ("3月5号", "03月05日"),
    ],
)
def test_a_date_has_the_forms_of_tables(text, form):
    parsed = parse_date(text)
    assert parsed is not None
    assert form in date_forms(parsed)


@pytest.mark.parametrize(
    ("wanted", "cell", "expected"),
    [
        ("2021年7月", "2021-07-01 08:00:00", True),
        ("2021年7月", "2021年07月", True),
        ("2021年7月", "2021-07-02", False),
        ("2021年", "2021-01-01", False),
        ("2021年7月9日", "2021-7-9", True),
        ("7月", "2021年7月", False),
    ],
)
def test_the_first_of_a_month_stands_for_the_month(wanted, cell, expected):
    one, other = parse_date(wanted), parse_date(cell)
    assert one is not None
    assert other is not None
    assert same_date(one, other) is expected
