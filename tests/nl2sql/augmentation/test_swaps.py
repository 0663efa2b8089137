"""Values, columns and tables replaced: the result has the same form, or is the question unchanged."""

import numpy as np
import pytest

from tasks.nl2sql.augmentation.column_statistics import TableStatistics
from tasks.nl2sql.augmentation.swaps import rename_columns, swap_values
from tasks.nl2sql.augmentation.table_transfer import TransferTargets, transfer
from tasks.nl2sql.query.schema import Condition, Query, Question, Table

CITIES = ("临江", "海州", "南屏")
SHOPS = Table(
    "shops",
    "Table_shops",
    "表1",
    ("店名", "城市", "利润", "成本(元)", "占比", "满意率"),
    ("text", "text", "real", "real", "real", "real"),
    (
        ("晨光店", "临江", 120.5, 880.25, "12.5%", "91.0%"),
        ("云河店", "海州", 310.75, 95.5, "40.25%", "88.5%"),
        ("知味店", "南屏", 99.25, 640.0, "33.5%", "72.25%"),
    ),
)
MILLS = Table(
    "mills",
    "Table_mills",
    "表2",
    ("工厂", "所在地", "产值", "损耗", "合格率"),
    ("text", "text", "real", "real", "real"),
    (
        ("甲厂", "南屏", 7001.5, 1.25, "95.5%"),
        ("乙厂", "临江", 8002.5, 2.75, "96.5%"),
        ("丙厂", "海州", 9003.5, 3.5, "97.5%"),
    ),
)


def question(text, select, *conditions, table="shops", connector=None):
    connector = int(len(conditions) > 1) if connector is None else connector
    return Question(
        "train:1", text, table, Query((select,), connector, tuple(Condition(*each) for each in conditions))
    )


def made(change, given, *, table=SHOPS, tries=60):
    """Everything that comes of a question."""
    return {change(given, TableStatistics(table), np.random.default_rng(seed)) for seed in range(tries)}


def others(*tables):
    """Asks questions of one of these tables."""
    targets = TransferTargets([TableStatistics(table) for table in tables])
    return lambda given, columns, generator: transfer(given, columns, targets, generator)


def test_a_value_becomes_another_cell_in_question_and_query():
    given = question("在临江的店有几家", (0, 4), (1, 2, "临江"))
    assert made(swap_values, given) == {
        question(f"在{city}的店有几家", (0, 4), (1, 2, city)) for city in CITIES[1:]
    }


def test_two_values_of_a_column_stay_two():
    given = question("临江和海州的利润", (2, 0), (1, 2, "临江"), (1, 2, "海州"), connector=2)
    for each in made(swap_values, given):
        first, second = (condition.value for condition in each.query.conditions)
        assert first != second
        assert each.text == f"{first}和{second}的利润"


def test_numbers_keep_their_form():
    given = question("利润超过120.5的店", (0, 0), (2, 0, "120.5"))
    assert made(swap_values, given) == {question("利润超过310.75的店", (0, 0), (2, 0, "310.75"))}
    given = question("占比超过12.5%的店", (0, 0), (4, 0, "12.5%"))
    assert {each.query.conditions[0].value for each in made(swap_values, given)} == {"40.25%", "33.5%"}


@pytest.mark.parametrize(
    "given",
    [
        question("利润最高是多少", (2, 2)),
        question("在临江以及临江区的店", (0, 0), (1, 2, "临江")),
        question("在江城的店", (0, 0), (1, 2, "临江")),
        question("利润超过100万的店", (0, 0), (2, 0, "1000000")),
        question("在临江不在海州不在南屏", (0, 0), (1, 2, "临江")),
        Question("test:1", "在临江的店", "shops", None),
    ],
    ids=["no value", "twice", "not literal", "another form", "new value there already", "no query"],
)
def test_a_question_comes_back_unchanged_rather_than_wrong(given):
    assert made(swap_values, given, tries=10) == {given}


def test_a_selected_column_takes_another_name():
    given = question("晨光店的利润是多少", (2, 0), (0, 2, "晨光店"))
    assert made(rename_columns, given) == {question("晨光店的成本是多少", (3, 0), (0, 2, "晨光店"))}


def test_a_compared_column_takes_its_values_along():
    given = question("占比低于12.5%的店的利润", (2, 0), (4, 1, "12.5%"))
    found = made(rename_columns, given)
    rates = {"91.0%", "88.5%", "72.25%"}
    assert found == {question(f"满意率低于{rate}的店的成本", (3, 0), (5, 1, rate)) for rate in rates}


def test_every_name_and_condition_of_a_column_is_replaced():
    given = question("占比高于12.5%且占比低于40.25%的店", (0, 0), (4, 0, "12.5%"), (4, 1, "40.25%"))
    for each in made(rename_columns, given):
        first, second = each.query.conditions
        assert (first.column, second.column) == (5, 5)
        assert each.text == f"满意率高于{first.value}且满意率低于{second.value}的店"


@pytest.mark.parametrize(
    "given",
    [
        question("哪些店赚了超过120.5", (0, 0), (2, 0, "120.5")),
        question("利润和占用成本的和", (2, 5)),
        question("城市是临江的店", (0, 0), (1, 2, "临江")),
        question("利润大概超过一百的店", (0, 0), (2, 0, "120.5")),
    ],
    ids=["not named", "other name there already", "a compared column of words", "value not literal"],
)
def test_no_column_is_renamed_in_doubt(given):
    assert made(rename_columns, given, tries=10) == {given}


def test_a_question_is_asked_of_another_table():
    given = question("在临江且利润超过120.5的店，满意率是多少", (5, 0), (1, 2, "临江"), (2, 0, "120.5"))
    found = made(others(MILLS), given, tries=200)
    assert given not in found
    for each in found:
        (city_column, equal, city), (column, greater, value) = each.query.conditions
        assert (each.table, city_column, equal, greater) == ("mills", 1, 2, 0)
        assert value in {str(row[column]) for row in MILLS.rows}
        assert each.query.select == ((4, 0),)
        assert each.text == f"在{city}且{MILLS.header[column]}超过{value}的店，合格率是多少"
    assert {each.query.conditions[1].column for each in found} == {2, 3}


@pytest.mark.parametrize(
    "given",
    [
        question("晨光店赚了多少", (2, 0), (0, 2, "晨光店")),
        question("表1里利润最高是多少，表1", (2, 2)),
        question("城市最多的成本是多少", (3, 2)),
        question("在临江市和临江县的利润", (2, 0), (1, 2, "临江")),
    ],
    ids=[
        "implied column without like",
        "a real column named only in part",
        "names another column",
        "value twice",
    ],
)
def test_a_question_stays_with_its_table_in_doubt(given):
    plain = Table(
        **MILLS._asdict() | {"header": ("工厂", "所在地", "甲", "乙", "丙"), "types": ("text",) * 5}
    )
    assert made(others(SHOPS, plain), given, tries=10) == {given}


def test_a_question_that_repeats_its_title_stays_with_like_titles():
    at_home = SHOPS._replace(title="临江市商店表")
    given = question("临江市商店的利润最高是多少", (2, 2))
    mills, branch = MILLS._replace(title="海州市工厂表"), MILLS._replace(title="临江市商店分表")
    assert made(others(mills), given, table=at_home, tries=10) == {given}
    assert {each.table for each in made(others(branch), given, table=at_home)} == {"mills"}


def test_conditions_may_be_missing():
    given = question("利润最高是多少", (2, 2))
    assert {each.text for each in made(others(MILLS), given)} == {"产值最高是多少", "损耗最高是多少"}


def test_the_same_state_gives_the_same_question():
    given = question("占比低于12.5%的店的利润", (2, 0), (4, 1, "12.5%"))
    for change in (swap_values, rename_columns, others(MILLS)):
        one, other = (change(given, TableStatistics(SHOPS), np.random.default_rng(3)) for _ in range(2))
        assert one == other


def test_an_empty_table_and_hostile_names_do_no_harm():
    header = ('"; DROP TABLE x; --', "（", "🌊", "a|b(.*", "\0", "")
    table = Table("h", "H", "'", header, ("text", "real", "text", "real", "text", "text"), ())
    given = question("a|b(.*是🌊的\0", (3, 0), (2, 2, "🌊"), (4, 2, "\0"), table="h")
    for change in (swap_values, rename_columns, others(MILLS, table)):
        assert made(change, given, table=table, tries=5) == {given}
