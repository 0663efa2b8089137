import numpy as np
import pytest

from tasks.nl2sql.linking.match_features import SCALE, ColumnFeature, FeatureExtractor, PairFeature
from tasks.nl2sql.query.schema import Table


def table(header, types=None, rows=()):
    return Table("t", "t", "t", tuple(header), tuple(types or ["text"] * len(header)), tuple(rows))


def drawing(features, column, channel) -> str:
    """`#` where a feature of a column is 1, `+` where it is less, `.` where it is 0."""
    values = features.pairs[column, :, channel]
    return "".join("#" if value == SCALE else "+" if value else "." for value in values)


SALES = table(["销售收入", "销售收入-折扣", "均价(万元)", "年"], ["real"] * 3 + ["text"])


@pytest.mark.parametrize(
    ("text", "column", "channel", "expected"),
    [
        ("总销售收入是多少", 0, PairFeature.NAME_WHOLE, ".####..."),
        ("总销售收入是多少", 1, PairFeature.NAME_WHOLE, "........"),
        ("总销售收入是多少", 1, PairFeature.NAME_SHARE, ".++++..."),
        ("总销售收入是多少", 1, PairFeature.NAME_LONGEST, ".####..."),
        ("销售收入-折扣", 0, PairFeature.NAME_LONGEST, "......."),
        ("销售收入-折扣", 1, PairFeature.NAME_LONGEST, "#######"),
        ("查销售收入", 0, PairFeature.NAME_START, ".#..."),
        ("查销售收入", 0, PairFeature.NAME_END, "....#"),
        ("均价是", 2, PairFeature.NAME_WHOLE, "##."),
        ("哪年收", 3, PairFeature.NAME_WHOLE, ".#."),
        ("哪年收", 0, PairFeature.NAME_LONGEST, "..."),
    ],
)
def test_names_are_found_where_the_question_repeats_them(text, column, channel, expected):
    assert drawing(FeatureExtractor(SALES).features(text), column, channel) == expected


def test_a_name_in_pieces_is_nearest_though_none_is_whole():
    features = FeatureExtractor(SALES).features("销售收入（除去折扣）")
    assert (
        features.pairs[1, 2, PairFeature.NAME_COVERAGE]
        > features.pairs[0, 2, PairFeature.NAME_COVERAGE] * 0.8
    )
    assert drawing(features, 1, PairFeature.NAME_WHOLE) == "." * 10


PEOPLE = table(
    ["姓名", "地区", "工资", "涨幅"],
    ["text", "text", "real", "real"],
    [("何景", "临江", 9500.0, "12.5%"), ("何景明", "何", 800.0, "7%")],
)


@pytest.mark.parametrize(
    ("text", "column", "channel", "expected"),
    [
        ("何景明在临江", 0, PairFeature.CELL, "###..."),
        ("何景明在临江", 0, PairFeature.CELL_START, "#....."),
        ("何景明在临江", 0, PairFeature.CELL_END, "..#..."),
        ("何景明在临江", 1, PairFeature.CELL, "....##"),
        ("何景明在临江", 1, PairFeature.CELL_LONGEST, "....##"),
        ("工资为9500的", 2, PairFeature.CELL, "...####."),
        ("工资为9500的", 3, PairFeature.CELL, "........"),
        ("工资为9501的", 2, PairFeature.CELL, "........"),
        ("工资为9501的", 2, PairFeature.NUMBER, "...####."),
        ("工资为9501的", 0, PairFeature.NUMBER, "........"),
        ("涨了12%的", 2, PairFeature.NUMBER_KIND, "......"),
        ("涨了12%的", 3, PairFeature.NUMBER_KIND, "..###."),
    ],
)
def test_cells_and_numbers_are_found(text, column, channel, expected):
    assert drawing(FeatureExtractor(PEOPLE).features(text), column, channel) == expected


def test_columns_in_another_order_have_the_same_features():
    order = [2, 0, 3, 1]
    other = table(
        [PEOPLE.header[column] for column in order],
        [PEOPLE.types[column] for column in order],
        [tuple(row[column] for column in order) for row in PEOPLE.rows],
    )
    text = "工资高于9500的何景明涨幅是12.5%吗"
    own, moved = FeatureExtractor(PEOPLE).features(text), FeatureExtractor(other).features(text)
    np.testing.assert_array_equal(moved.pairs, own.pairs[order])
    np.testing.assert_array_equal(moved.columns, own.columns[order])


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (table(["a", "b"]), "没有一行"),
        (table(["", "", ""]), "名字都是空的"),
        (table(["甲"], rows=[(None,), ("",)]), "甲"),
        (table(["%", "（）"], ["real", "real"], [(float("nan"), float("inf"))]), "nan和inf"),
        (table(["甲"]), ""),
        (table([f"列{number}" for number in range(200)]), "列7和列199"),
    ],
)
def test_any_table_and_question_has_features(made, text):
    features = FeatureExtractor(made).features(text)
    columns = len(made.header)
    assert features.pairs.shape == (columns, len(text), len(PairFeature))
    assert features.columns.shape == (columns, len(ColumnFeature))
    assert np.isfinite(features.columns).all()
    assert features.columns.min() >= 0
    assert features.columns.max() <= 1
