import numpy as np
import pytest

from tasks.nl2sql.linking.match_features import COLUMNS, PAIRS, SHOWN, Index
from tasks.nl2sql.query.schema import Table

COVER, SIZE, BEST, WHOLE, BEGIN, END, NEAR, NEAREST, CELL, LONGEST, CELL_BEGIN, CELL_END, REAL, KIND = range(
    14
)


def table(header, types=None, rows=()):
    return Table("t", "t", "t", tuple(header), tuple(types or ["text"] * len(header)), tuple(rows))


def shown(marks, column, mark) -> str:
    """`#` where a mark of a column is 1, `+` where it is less, `.` where it is 0."""
    values = marks.pairs[column, :, mark]
    return "".join("#" if value == SHOWN else "+" if value else "." for value in values)


SALES = table(["销售收入", "销售收入-折扣", "均价(万元)", "年"], ["real"] * 3 + ["text"])


@pytest.mark.parametrize(
    ("text", "column", "mark", "expected"),
    [
        ("总销售收入是多少", 0, WHOLE, ".####..."),
        ("总销售收入是多少", 1, WHOLE, "........"),
        ("总销售收入是多少", 1, COVER, ".++++..."),
        ("总销售收入是多少", 1, BEST, ".####..."),
        ("销售收入-折扣", 0, BEST, "......."),
        ("销售收入-折扣", 1, BEST, "#######"),
        ("查销售收入", 0, BEGIN, ".#..."),
        ("查销售收入", 0, END, "....#"),
        ("均价是", 2, WHOLE, "##."),
        ("哪年收", 3, WHOLE, ".#."),
        ("哪年收", 0, BEST, "..."),
    ],
)
def test_names_are_marked_where_the_question_repeats_them(text, column, mark, expected):
    assert shown(Index(SALES).marks(text), column, mark) == expected


def test_a_name_in_pieces_is_nearest_though_none_is_whole():
    marks = Index(SALES).marks("销售收入（除去折扣）")
    assert marks.pairs[1, 2, NEAR] > marks.pairs[0, 2, NEAR] * 0.8
    assert shown(marks, 1, WHOLE) == "." * 10


PEOPLE = table(
    ["姓名", "地区", "工资", "涨幅"],
    ["text", "text", "real", "real"],
    [("何景", "临江", 9500.0, "12.5%"), ("何景明", "何", 800.0, "7%")],
)


@pytest.mark.parametrize(
    ("text", "column", "mark", "expected"),
    [
        ("何景明在临江", 0, CELL, "###..."),
        ("何景明在临江", 0, CELL_BEGIN, "#....."),
        ("何景明在临江", 0, CELL_END, "..#..."),
        ("何景明在临江", 1, CELL, "....##"),
        ("何景明在临江", 1, LONGEST, "....##"),
        ("工资为9500的", 2, CELL, "...####."),
        ("工资为9500的", 3, CELL, "........"),
        ("工资为9501的", 2, CELL, "........"),
        ("工资为9501的", 2, REAL, "...####."),
        ("工资为9501的", 0, REAL, "........"),
        ("涨了12%的", 2, KIND, "......"),
        ("涨了12%的", 3, KIND, "..###."),
    ],
)
def test_cells_and_numbers_are_marked(text, column, mark, expected):
    assert shown(Index(PEOPLE).marks(text), column, mark) == expected


def test_columns_in_another_order_have_the_same_marks():
    order = [2, 0, 3, 1]
    other = table(
        [PEOPLE.header[column] for column in order],
        [PEOPLE.types[column] for column in order],
        [tuple(row[column] for column in order) for row in PEOPLE.rows],
    )
    text = "工资高于9500的何景明涨幅是12.5%吗"
    own, moved = Index(PEOPLE).marks(text), Index(other).marks(text)
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
def test_any_table_and_question_can_be_marked(made, text):
    marks = Index(made).marks(text)
    columns = len(made.header)
    assert marks.pairs.shape == (columns, len(text), PAIRS)
    assert marks.columns.shape == (columns, COLUMNS)
    assert np.isfinite(marks.columns).all()
    assert marks.columns.min() >= 0
    assert marks.columns.max() <= 1
