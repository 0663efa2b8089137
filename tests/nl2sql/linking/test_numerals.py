"""Numbers in questions: first as the real questions write them, then as other people do."""

import time

import pytest

from tasks.nl2sql.linking.numerals import WAN, YI, decimal_text, find_numerals, parse_number

PARSED = [
    # as in the real questions: decimals, percentages, counts, amounts
    ("3127.45", "3127.45"),
    ("814.6", "814.6"),
    ("96.0", "96"),
    ("57", "57"),
    ("-12.08", "-12.08"),
    ("73.18%", "73.18 %"),
    ("6.5%", "6.5 %"),
    ("40.0%", "40 %"),
    ("2500万", "25000000 万"),
    ("2500万元", "25000000 万"),
    ("3亿", "300000000 亿"),
    ("3亿元", "300000000 亿"),
    ("12亿元", "1200000000 亿"),
    # names of the real tables write these: 中铁十四局, 二十五城, 九号, 壹号
    ("十四", "14"),
    ("二十五", "25"),
    ("九", "9"),
    ("壹", "1"),
    ("两", "2"),
    # as people write them elsewhere
    ("三千五百", "3500"),
    ("3千5百", "3500"),
    ("三千五", "3500"),
    ("一百零五", "105"),
    ("一百一", "110"),
    ("一万二", "12000 万"),
    ("十万零五", "100005 万"),
    ("12万5", "125000 万"),
    ("1.2亿", "120000000 亿"),
    ("一点二亿", "120000000 亿"),
    ("1亿2千万", "120000000 亿"),
    ("两千三百万", "23000000 万"),
    ("百万", "1000000 万"),
    ("千亿", "100000000000 亿"),
    ("两百", "200"),
    ("三点五", "3.5"),
    ("零点五", "0.5"),
    ("半", "0.5"),
    ("一半", "0.5"),
    ("二零一八", "2018"),
    ("二〇一八", "2018"),
    ("壹佰贰拾", "120"),
    ("三分之一", "0.3333"),
    ("四分之三", "0.75"),
    ("百分之五十", "50 %"),
    ("百分之12.5", "12.5 %"),
    ("千分之五", "0.5 %"),
    ("5‰", "0.5 %"),
    ("3个百分点", "3 %"),
    ("五成", "50 %"),
    ("三成五", "35 %"),
    ("1,234,567.8", "1234567.8"),
    ("３５．２％", "35.2 %"),
    ("１２万", "120000 万"),
]


@pytest.mark.parametrize(("text", "expected"), PARSED)
def test_a_number_is_parsed_exactly(text, expected):
    parsed = parse_number(text)
    assert parsed is not None
    mark = "%" if parsed.percent else {WAN: "万", YI: "亿"}.get(parsed.scale, "")
    assert f"{decimal_text(parsed.value)} {mark}".strip() == expected


@pytest.mark.parametrize(
    "text",
    ["", "万", "百", "亿元", "几百", "万科", "三一集团", "12万3万", "1,23", "2.", "A12", "12-34", "分之一"],
)
def test_what_is_no_number_is_not_parsed(text):
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("运费比3127.45低，且不在云州的机构", ["3127.45"]),
        ("运费不是3127.45成本是814.6的单位", ["3127.45", "814.6"]),
        ("滞销率为27.94%成本开销是多少", ["27.94%"]),
        ("增长率高于73.18%，且在云州的分部", ["73.18%"]),
        ("累计有多少销售数量是35，62", ["35", "62"]),
        ("超过2500万元的企业", ["2500万"]),
        ("营业利润超过了3亿？", ["3亿"]),
        ("利润为-12.08的公司", ["-12.08"]),
        ("超过[812.5与96.3的", ["812.5", "96.3"]),
        ("有三个项目", ["三"]),
        ("占比达到五成以上", ["五成"]),
        ("增长了百分之十五的公司", ["百分之十五"]),
        # names and words that are no numbers
        ("三一集团与万科和九龙仓", []),
        ("有几个百益的负责人", []),
        ("是在哪个月成交的", []),
        ("X2青山小区和TOD9号", []),
        ("两江新区的千山雅园", []),
        ("名为千达建工的机构", []),
    ],
)
def test_numbers_are_found_among_names_and_words(question, expected):
    assert [question[one.start : one.end] for one in find_numerals(question)] == expected


@pytest.mark.parametrize("hostile", ["1" * 20_000, "十" * 5_000, "1," * 5_000, "一点" * 5_000, "-" * 9_000])
def test_long_rows_of_digits_cost_no_more_than_their_length(hostile):
    started = time.process_time()
    find_numerals(hostile)
    parse_number(hostile)
    assert time.process_time() - started < 2
