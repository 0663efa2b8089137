"""The value of a condition as it is labelled, from a text of a question."""

import json
from pathlib import Path

import pytest

from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.linking.value_normalisation import parsed_values, value_at, value_for
from tasks.nl2sql.query.schema import EQUAL, GREATER, LESS, UNEQUAL, Condition, Table
from tests.nl2sql.invented_tables import CITY, COMPANIES, WIDE

NL2SQL = Path(__file__).parents[4] / "shared" / "data" / "nl2sql"

LABELLED = [
    # numbers as they are written, whatever the form of the cells
    (WIDE, "总利润", GREATER, "2041.5", "2041.5"),
    (WIDE, "总利润", EQUAL, "3127.450", "3127.450"),
    (WIDE, "总利润", LESS, "500", "500"),
    (WIDE, "总利润", GREATER, "-12.08", "-12.08"),
    (WIDE, "总利润", GREATER, " 814.6 ", "814.6"),
    (WIDE, "总利润", GREATER, "于814.6的", "814.6"),
    (WIDE, "员工数", EQUAL, "57", "57"),
    (WIDE, "客户编号", EQUAL, "57", "57"),
    (WIDE, "客户编号", UNEQUAL, "五十七", "57"),
    (WIDE, "综合货物缺损率（%）", GREATER, "21.07%", "21.07%"),
    (WIDE, "综合货物缺损率（%）", EQUAL, "40.0%", "40.0%"),
    # numbers in the form of the cells
    (WIDE, "综合货物缺损率（%）", GREATER, "21.07", "21.07%"),
    (WIDE, "综合货物缺损率（%）", GREATER, "２１．０７％", "21.07%"),
    (WIDE, "综合货物缺损率（%）", LESS, "五成", "50%"),
    (WIDE, "综合货物缺损率（%）", LESS, "百分之六十", "60%"),
    (WIDE, "综合货物缺损率（%）", LESS, "三分之一", "33.3333%"),
    (CITY, "绿化率(%)", GREATER, "30%", "30"),
    (CITY, "绿化率(%)", GREATER, "百分之三十", "30"),
    (CITY, "绿化率(%)", GREATER, "35.0", "35.0"),
    (CITY, "入住率", GREATER, "50%", "0.5"),
    (CITY, "入住率", GREATER, "六成", "0.6"),
    (WIDE, "总利润", GREATER, "两千", "2000"),
    (WIDE, "总利润", GREATER, "2,041.5", "2041.5"),
    (WIDE, "员工数", GREATER, "一百零八", "108"),
    # amounts, in the unit of the heading, that of the cells, or 万
    (COMPANIES, "营业利润", GREATER, "3亿", "30000"),
    (COMPANIES, "营业利润", GREATER, "3亿元", "30000"),
    (COMPANIES, "营业利润", GREATER, "12亿元", "120000"),
    (COMPANIES, "营业利润", GREATER, "2500万", "2500"),
    (COMPANIES, "营业利润", GREATER, "2500万元", "2500"),
    (COMPANIES, "营业利润", GREATER, "一点五亿", "15000"),
    (COMPANIES, "营业利润", GREATER, "35.5", "35.5"),
    (CITY, "成交总价", GREATER, "3亿", "300000000"),
    (CITY, "成交总价", LESS, "12.5亿元", "1250000000"),
    (CITY, "成交总价", LESS, "五千万", "50000000"),
    (WIDE, "销售量（万件）", GREATER, "300万", "300"),
    (WIDE, "销售量（万件）", GREATER, "300万件", "300"),
    (WIDE, "销售量（万件）", GREATER, "48.25", "48.25"),
    # years, months and dates in the form of the column
    (WIDE, "年度", EQUAL, "2019", "2019"),
    (WIDE, "年度", EQUAL, "2019年", "2019"),
    (WIDE, "年度", EQUAL, "19年", "2019"),
    (WIDE, "年度", EQUAL, "二零一九年度", "2019"),
    (WIDE, "年度", EQUAL, "2016年", "2016"),
    (WIDE, "月份", EQUAL, "3月", "3"),
    (WIDE, "月份", EQUAL, "十一月", "11"),
    (WIDE, "结算日期", EQUAL, "2019年11月27日", "2019-11-27"),
    (WIDE, "结算日期", GREATER, "2019年5月8日", "2019-5-8"),
    (CITY, "年月", EQUAL, "2021年7月", "2021年07月"),
    (CITY, "年月", EQUAL, "2021年9月", "2021年09月"),
    (CITY, "时间（月份）", EQUAL, "2021年7月", "2021-07-01 08:00:00"),
    (CITY, "成交日期", EQUAL, "2021年7月9日", "2021年07月09日"),
    # names of cells, names like cells, and others
    (WIDE, "公司名称", EQUAL, "远帆科技", "远帆科技"),
    (WIDE, "公司名称", UNEQUAL, "远帆科", "远帆科技"),
    (WIDE, "省", EQUAL, "云南省", "云南"),
    (WIDE, "市", UNEQUAL, "大同市", "大同"),
    (WIDE, "项目号", EQUAL, "yb-301759876088", "YB-301759876088"),
    (WIDE, "项目名称", EQUAL, "智慧港", "智慧港"),
    (WIDE, "公司名称", EQUAL, "潮汐银行", "潮汐银行"),
    (CITY, "项目名称", EQUAL, "临江一号院", "临江壹号院"),
    (CITY, "项目名称", EQUAL, "云境天悦", "云境·天悦"),
    (COMPANIES, "信用债情况", EQUAL, "信用债寻求展", "信用债寻求展期"),
]


@pytest.mark.parametrize(("table", "column", "operator", "text", "expected"), LABELLED)
def test_a_value_as_it_is_labelled(table, column, operator, text, expected):
    assert value_for(text, table.header.index(column), table, operator) == expected


MARKED = [
    # (question, the span that the network marked, column, value)
    (WIDE, "远帆科技的总利润是多少", "远帆科", "公司名称", "远帆科技"),
    (WIDE, "请问远帆科技的总利润", "问远帆科技", "公司名称", "远帆科技"),
    (WIDE, "缺损率高于21.07%的公司", "21.07", "综合货物缺损率（%）", "21.07%"),
    (WIDE, "缺损率高于21.07%的公司", "于21.07%", "综合货物缺损率（%）", "21.07%"),
    (WIDE, "总利润大于2041.5的", "041.5", "总利润", "2041.5"),
    (WIDE, "总利润大于2041.5的", "2041.", "总利润", "2041.5"),
    (WIDE, "在大同市且为乡镇的公司", "大同市", "市", "大同"),
    # the question goes on with the ending of the cell
    (WIDE, "叫远帆的公司有哪些", "远帆", "公司名称", "远帆"),
    (WIDE, "名为晚舟工程管理的公司", "晚舟工程管理", "公司名称", "晚舟工程管理"),
    (WIDE, "名为晚舟工程管理的公司", "晚舟工程管", "公司名称", "晚舟工程管理"),
    (WIDE, "名称是观星台的项目在哪", "观星台", "项目名称", "观星台"),
    (WIDE, "名称是观星台的项目在哪", "是观星台", "项目名称", "观星台"),
    (WIDE, "春山公司的总利润是多少", "春山", "公司名称", "春山公司"),
    (COMPANIES, "营业利润超过2500万的企业", "2500", "营业利润", "2500"),
    (COMPANIES, "营业利润超过3亿元的企业", "3", "营业利润", "30000"),
    (COMPANIES, "营业利润超过3亿元的企业", "过3亿元", "营业利润", "30000"),
    (CITY, "青石花园和观澜樾这两个小区", "石花园", "项目名称", "青石花园"),
    (CITY, "青石花园和观澜樾这两个小区", "观澜樾这", "项目名称", "观澜樾"),
    (CITY, "这里没有什么", "没有", "项目名称", "没有"),
]


@pytest.mark.parametrize(("table", "question", "marked", "column", "expected"), MARKED)
def test_a_span_that_is_a_little_off_still_gives_the_value(table, question, marked, column, expected):
    start = question.index(marked)
    span, place = (start, start + len(marked)), table.header.index(column)
    operator = EQUAL if table.types[place] == "text" else GREATER
    assert value_at(question, span, place, table, operator) == expected


@pytest.mark.parametrize(
    ("question", "span", "forms"),
    [
        ("营业利润超过1.2亿元", "1.2亿", ("120000000", "12000", "1.2")),
        ("营业利润超过2500万元", "2500万", ("25000000", "2500")),
        ("缺损率高于21.07%的", "21.07%", ("21.07%", "21.07", "0.2107")),
        ("总利润不等于814.6的", "814.6", ("814.6", "814.6%")),
        ("17年的利润", "17年", ("2017", "2017年", "2017年度")),
        ("请问2021年7月", "7月", ("7", "07", "7月", "07月")),
    ],
)
def test_a_parsed_value_has_its_span_and_forms(question, span, forms):
    found = {question[one.start : one.end]: one.forms for one in parsed_values(question)}
    assert found[span] == forms


@pytest.mark.skipif(not NL2SQL.exists(), reason="needs the competition's data")
def test_labels_of_real_questions_are_found_and_read_back():
    lines = (NL2SQL / "val" / "val.json").read_text("utf-8").splitlines()[:100]
    asked, tables = {json.loads(line)["table_id"] for line in lines}, {}
    for line in (NL2SQL / "val" / "val.tables.json").read_text("utf-8").splitlines():
        raw = json.loads(line)
        if raw["id"] not in asked:
            continue
        rows = tuple(map(tuple, raw["rows"]))
        shown = raw["id"], raw["name"], raw["title"], tuple(raw["header"]), tuple(raw["types"])
        tables[raw["id"]] = Table(*shown, rows)
    right = conditions = 0
    for question in map(json.loads, lines):
        table, text = tables[question["table_id"]], question["question"]
        labelled = [Condition(*each) for each in question["sql"]["conds"]]
        for condition, span in zip(labelled, align_values(labelled, text, table), strict=True):
            conditions += 1
            if span:
                read = value_at(text, span, condition.column, table, condition.operator)
                right += read == condition.value
    assert right / conditions >= 0.99
