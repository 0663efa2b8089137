"""Names, numbers, dates and headings in the forms in which the real questions and tables write them.

Each case has the form of a real one, with another name and another number: letters and numerals inside names,
marks, brackets, ends that say what a thing is, amounts, months, and what headings put in brackets.
"""

import pytest

from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.dates import date_forms, find_dates, parse_date
from tasks.nl2sql.linking.numerals import find_numerals
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_normalisation import header_unit, value_at, value_for
from tasks.nl2sql.query.schema import EQUAL, GREATER, LESS, UNEQUAL
from tests.nl2sql.invented_tables import table

PROJECTS = (
    "听涛商业公园1653（北区）", "云港3号", "长汀香榭苑18季", "晨星·鹿鸣湖", "H5百里秋声",
    "云州国际城MOMΛ", "远帆建设松风里1846", "梅塘五期、六期安置房", "雨前·弯月听荷", "今代ΜΟΜΛ小湖下品",
    "同舟he悦", "林泉三季城Ⅱ雅府", "紫谷BROOKVALLEY", "大路北海派＋", "旧希望C7地元",
    "智慧厨房产业园(二期)项目", "云园·碧玉西湾三期花园", "48街区", "晨港•文澜门", "远秀TID·星野",
    "利城.朝阳晨昇", "石山27°", "良玉Two", "桥城汇二期—桥汇花园", "海棠堡(水样年华)", "雨前江岸V-LINE",
    "银地都会B区", "南辰经开良+", "银色港湾LILI空间", "观湖壹号院", "公园二十三城", "西山乙三号",
    "四千城", "山水捌号", "云里人家五号东", "龙泽柒間", "十三里堡", "甲乙丙路1#地块",
)  # fmt: skip
COMPANIES = (
    "远帆科技有限公司", "晚舟（集团）股份有限公司", "雨前市政建设有限责任公司",
    "中铁三十五局集团有限公司", "七江工程公司", "百晟实业集团", "千岩项目管理有限公司",
    "亿川（海州）置业有限公司", "万顷控股有限公司", "陆嘴（集团）有限公司",
    "云州市明月投资集团有限公司", "三弦重工股份有限公司", "九歌证券",
    "远帆置业有限公司,晚舟地产有限公司",
)  # fmt: skip
CODES = ("JT-20283746510", "CK4029301", "9", "57", "WX-3081", "云政储〔2031〕6号地块", "云地[2031]3号地块")
NAMES = table(
    {
        "项目名称": ("text", PROJECTS),
        "公司": ("text", (*COMPANIES, *[None] * (len(PROJECTS) - len(COMPANIES)))),
        "编号": ("text", (*CODES, *[None] * (len(PROJECTS) - len(CODES)))),
    }
)
PLACED = [("项目名称", "请问云州市海棠区{}小区的容积率是多少？", name) for name in PROJECTS]
PLACED += [("公司", "在2031年，{}的营业总收入是多少？", name) for name in COMPANIES]
PLACED += [("编号", "编号是{}的项目在哪里进行", name) for name in CODES]


@pytest.mark.parametrize(("column", "pattern", "name"), PLACED)
def test_a_name_is_found_whole_and_read_as_its_cell(column, pattern, name):
    question, place = pattern.format(name), NAMES.header.index(column)
    found = [each for each in cell_matches(question, NAMES) if each.column == place]
    assert [(question[each.start : each.end], each.cell) for each in found] == [(name, name)]
    span = (found[0].start, found[0].end)
    for operator in (EQUAL, UNEQUAL):
        assert value_at(question, span, place, NAMES, operator) == name
    if len(name) > 3:  # a network may miss the last character
        assert value_at(question, (span[0], span[1] - 1), place, NAMES, EQUAL) == name


MEANT = [
    ("晨星•鹿鸣湖", "晨星·鹿鸣湖"),
    ("晨星鹿鸣湖", "晨星·鹿鸣湖"),
    ("晨港·文澜门", "晨港•文澜门"),
    ("智慧厨房产业园（二期）项目", "智慧厨房产业园(二期)项目"),
    ("智慧厨房产业园(二期)", "智慧厨房产业园(二期)项目"),
    ("海棠堡（水样年华）", "海棠堡(水样年华)"),
    ("听涛商业公园1653(北区)", "听涛商业公园1653（北区）"),
    ("大路北海派+", "大路北海派＋"),
    ("南辰经开良＋", "南辰经开良+"),
    ("紫谷BrookValley", "紫谷BROOKVALLEY"),
    ("良玉two", "良玉Two"),
    ("雨前江岸V—LINE", "雨前江岸V-LINE"),
    ("云州国际城MOMA", "云州国际城MOMΛ"),
    ("林泉三季城II雅府", "林泉三季城Ⅱ雅府"),
    ("观湖一号院", "观湖壹号院"),
    ("公园二十三城小区", "公园二十三城"),
    ("桥城汇二期-桥汇花园", "桥城汇二期—桥汇花园"),
]


@pytest.mark.parametrize(("text", "cell"), MEANT)
def test_a_name_in_another_width_case_or_mark_is_its_cell(text, cell):
    assert value_for(text, 0, NAMES, EQUAL) == cell


MONTHS = [place % 12 + 1 for place in range(40)]
AMOUNTS = table(
    {
        "营业利润": ("real", (*(2.75 * place for place in range(1, 40)), 806_311.4)),
        "销售量（万件）": ("real", tuple(12.5 * place for place in range(1, 41))),
        "缺货率（%）": ("real", tuple(f"{place}.{place % 10}5%" for place in range(11, 51))),
        "会议平均时长(分钟)": ("real", tuple(1.5 * place for place in range(1, 41))),
        "成交均价": ("real", tuple(18_000.0 + 310 * place for place in range(40))),
        "月份": ("text", tuple(map(str, MONTHS))),
        "年月": ("text", tuple(f"2031年{month:02}月" for month in MONTHS)),
        "时间(月份)": ("text", tuple(f"2031-{month:02}-01 00:00:00" for month in MONTHS)),
        "成交日期": ("text", tuple(f"2031年{month:02}月{month:02}日" for month in MONTHS)),
        "年度": ("text", ("2029", "2030", "2031", "2032") * 10),
    }
)
ASKED = [
    # (column, operator, what the question says, the value as it is labelled)
    ("营业利润", GREATER, "7亿", "70000"),
    ("营业利润", GREATER, "7亿元", "70000"),
    ("营业利润", GREATER, "30亿元", "300000"),
    ("营业利润", GREATER, "300亿", "3000000"),
    ("营业利润", GREATER, "4000万", "4000"),
    ("营业利润", GREATER, "4000万元", "4000"),
    ("营业利润", LESS, "2700万", "2700"),
    ("营业利润", GREATER, "-31.06", "-31.06"),
    ("营业利润", EQUAL, "5", "5"),
    ("销售量（万件）", LESS, "268.14", "268.14"),
    ("缺货率（%）", LESS, "47.38%", "47.38%"),
    ("缺货率（%）", UNEQUAL, "6.04%", "6.04%"),
    ("缺货率（%）", EQUAL, "30.0%", "30.0%"),
    ("会议平均时长(分钟)", GREATER, "84.27", "84.27"),
    ("成交均价", GREATER, "20790", "20790"),
    ("月份", EQUAL, "十月", "10"),
    ("月份", EQUAL, "4月", "4"),
    ("月份", EQUAL, "9月份", "9"),
    ("年月", EQUAL, "2031年4月", "2031年04月"),
    ("年月", EQUAL, "2031年10月", "2031年10月"),
    ("年月", EQUAL, "2031年4月份", "2031年04月"),
    ("时间(月份)", EQUAL, "2031年4月", "2031-04-01 00:00:00"),
    ("时间(月份)", EQUAL, "2031年11月", "2031-11-01 00:00:00"),
    ("成交日期", EQUAL, "2031年4月4日", "2031年04月04日"),
    ("年度", EQUAL, "2030年", "2030"),
    ("年度", EQUAL, "2030年度", "2030"),
    ("年度", UNEQUAL, "2032", "2032"),
]


@pytest.mark.parametrize(("column", "operator", "text", "value"), ASKED)
def test_numbers_and_dates_are_given_as_they_are_labelled(column, operator, text, value):
    assert value_for(text, AMOUNTS.header.index(column), AMOUNTS, operator) == value


FOUND = [
    ("当前净利润高于6128.77与315.4时", ["6128.77", "315.4"]),
    ("剩余库存是48，73的机构", ["48", "73"]),
    ("利润为-31.06的单位", ["-31.06"]),
    ("增长率（较上年末）不是7.35%的", ["7.35%"]),
    ("哪些企业的营业利润超过了7亿？", ["7亿"]),
    ("营业利润超过4000万元？", ["4000万"]),
    ("营业利润超过2700万的企业。", ["2700万"]),
    ("有几个百晟的负责人", []),
    ("万顷控股的注册地在哪里，查一下", []),
    ("一共有多少套房子成交", []),
    ("三弦重工与千岩股份", []),
]


@pytest.mark.parametrize(("question", "expected"), FOUND)
def test_numbers_are_found_among_names(question, expected):
    assert [question[each.start : each.end] for each in find_numerals(question)] == expected


DATED = [
    ("请问2031年10月，云州市海棠区", ["2031年10月", "2031年", "10月"]),
    ("在2030年4月份的平均房价", ["2030年4月份", "2030年", "4月"]),
    ("在2030年度的营业总成本", ["2030年度"]),
    ("第一季度管理指标高于618.2的", ["第一季度"]),
    ("前五月销售数量不等于618.2的", ["五月"]),
    ("新增人数（较上年末）", []),
    ("总资产增量（较上季度）", []),
    ("长汀香榭苑18季小区", []),
    ("海棠堡(水样年华)这个小区", []),
]


@pytest.mark.parametrize(("question", "expected"), DATED)
def test_dates_are_found_among_words(question, expected):
    assert [question[each.start : each.end] for each in find_dates(question)] == expected


@pytest.mark.parametrize(
    ("text", "cell"),
    [("2031年4月", "2031年04月"), ("2031年4月9日", "2031年04月09日"), ("2031年", "2031"), ("10月", "10")],
)
def test_cells_are_among_the_forms_of_a_date(text, cell):
    read = parse_date(text)
    assert read is not None
    assert cell in date_forms(read)


HEADED = {
    "销售量（万件）": "万",
    "缺货率（%）": "%",
    "绿地率(%)": "%",
    "负债总额增长率（较上年末）（%）": "%",
    "会议平均时长(分钟)": "",
    "时间（月份）": "",
    "时间(月份)": "",
    "净利润（剔除降价影响）": "",
    "总资产增量（较第一季度）": "",
    "销货（损）益": "",
    "用户增长率（较上一年）": "",
    "营业收入-主业务板块": "",
    "主营业务利润-汇兑损失": "",
    "成本同比-营业收入同比": "",
    "表_7": "",
}


@pytest.mark.parametrize(("header", "expected"), HEADED.items())
def test_a_heading_says_its_unit_at_its_end_or_none(header, expected):
    assert header_unit(header) == expected


def test_the_columns_are_what_they_are_meant_to_be():
    assert table_index(AMOUNTS).column(AMOUNTS.header.index("缺货率（%）")).are_percentages
    assert len(PLACED) == len(set(PLACED))
