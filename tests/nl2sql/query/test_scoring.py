"""Both scorers as a table over the five rows of `tests.nl2sql.tiny`; queries are written as there."""

import numpy as np
import pytest

from tasks.nl2sql.query import official_scorer
from tasks.nl2sql.query.schema import Condition, Query, Table
from tasks.nl2sql.query.scoring import (
    SUBTASKS,
    correctness,
    failing_labels,
    mean_and_error,
    same_rows,
    subtask_correctness,
    without_lost_batches,
)
from tests.nl2sql.tiny import TABLE, executor, query

RIGHT, WRONG, FORM, ROWS = (True, True), (False, False), (True, False), (False, True)
"""Correctness: both right, both wrong, only the logic form, only the result."""

# name: label; query; official; strict
CASES = {
    "equal": ("2 | 0==临江", "2 | 0==临江", RIGHT, RIGHT),
    "another selected column": ("2 | 0==海州", "3 | 0==海州", WRONG, WRONG),
    "another aggregate": ("SUM2 | 1==1", "MAX2 | 1==1", WRONG, WRONG),
    "another aggregate, of one row": ("SUM2 | 0==海州", "MAX2 | 0==海州", ROWS, ROWS),
    "an aggregate too many": ("2 | 0==海州", "SUM2 | 0==海州", ROWS, ROWS),
    "another operator": ("0 | 2>20", "0 | 2==20", WRONG, WRONG),
    "another operator, same rows": ("0 | 2>30", "0 | 2==40", ROWS, ROWS),
    "another column, same rows": ("0 | 1==2", "0 | 3==30%", ROWS, ROWS),
    "another value": ("2 | 0==海州", "2 | 0==南屏", ROWS, ROWS),
    "another value, other rows": ("0 | 0==海州", "0 | 0==南屏", WRONG, WRONG),
    "another connector": ("0 | 1==1 and 2>10", "0 | 1==1 or 2>10", WRONG, WRONG),
    "conditions in another order": ("0 | 1==1 and 2>10", "0 | 2>10 and 1==1", RIGHT, RIGHT),
    "two on one column in another order": ("0 | 0==a or 0==b", "0 | 0==b or 0==a", ROWS, RIGHT),
    "the first of two on one column is wrong": (
        "0 | 0==临江 or 0==海州", "0 | 0==南屏 or 0==海州", FORM, WRONG,
    ),
    "the last of two on one column is wrong": (
        "0 | 0==临江 or 0==海州", "0 | 0==临江 or 0==南屏", WRONG, WRONG,
    ),
    "the first operator on one column is wrong": (
        "0 | 2>5 and 2<15", "0 | 2!=5 and 2<15", RIGHT, ROWS,
    ),
    "two on one column and one between": (
        "0 | 0==a or 1==1 or 0==b", "0 | 0==x or 1==1 or 0==b", RIGHT, ROWS,
    ),
    "a condition twice": ("0 | 0==a or 0==a", "0 | 0==a", ROWS, ROWS),
    "a condition too few": ("0 | 1==1 and 2>10", "0 | 2>10", WRONG, WRONG),
    "a condition too many": ("0 | 2>30", "0 | 2>30 and 1!=9", ROWS, ROWS),
    "columns in another order": ("0,1 | 2>15", "1,0 | 2>15", RIGHT, RIGHT),
    "aggregates exchanged": ("MAX2,MIN2 | 2>0", "MIN2,MAX2 | 2>0", ROWS, RIGHT),
    "of two aggregates on one column the first is wrong": (
        "MAX2,MIN2 | 2>0", "SUM2,MIN2 | 2>0", FORM, WRONG,
    ),
    "a column twice": ("0,0 | 2>15", "0 | 2>15", ROWS, WRONG),
    "a column too many": ("0 | 2>15", "0,1 | 2>15", WRONG, WRONG),
    "columns that hold the same": ("MAX2,MIN1 | 0==海州", "MIN2,MIN1 | 0==海州", ROWS, ROWS),
    "nothing found by either": ("0 | 0==x", "0 | 0==y", ROWS, ROWS),
    "nothing found by either, other columns": ("0 | 0==x", "2,3 | 1==y", ROWS, ROWS),
    "nothing and a row of nothing": ("2 | 0==x", "SUM2 | 0==x", WRONG, WRONG),
    "a count of nothing": ("COUNT0 | 0==x", "COUNT1 | 0==y", ROWS, ROWS),
    "counts of other columns": ("COUNT0 | 1==1", "COUNT2 | 1==1", ROWS, ROWS),
    "a count leaves out what is empty": ("COUNT0 | 0==临江", "COUNT2 | 0==临江", WRONG, WRONG),
    "rows as often as in the label": ("1 | 2==20", "1 | 1==2", WRONG, WRONG),
    "text in another case": ("0 | 4==a", "0 | 4==A", WRONG, FORM),
    "text in full width": ("0 | 0==Rain", "0 | 0==Ｒain", WRONG, FORM),
    "a space around": ("0 | 0==海州", "0 | 0==\u3000海州", WRONG, FORM),
    "a number written otherwise": ("0 | 2==20", "0 | 2==20.0", ROWS, RIGHT),
    "nothing with a sign": ("0 | 2>0", "0 | 2>-0", ROWS, RIGHT),
    "a number written otherwise in a text column": ("0 | 1==1", "0 | 1==1.0", WRONG, WRONG),
    "a number and a percentage": ("0 | 3>10%", "0 | 3>10", WRONG, WRONG),
    "no condition": ("COUNT0", "COUNT0", RIGHT, RIGHT),
    "no condition in either": ("COUNT0", "SUM2", ROWS, WRONG),
    "no condition in the query": ("COUNT0 | 2>0", "COUNT0", WRONG, WRONG),
    "a value like a column": ("0 | 1==col_1", "0 | 1==col_1", RIGHT, RIGHT),
    "a value like a column, for a value": ("0 | 1==x", "0 | 1==col_1", ROWS, WRONG),
    "a value like a row number": ("0 | 1==RowID", "0 | 4==a", ROWS, WRONG),
    "a quote in both": ('0 | 4==say "x"', '0 | 4==say "x"', RIGHT, RIGHT),
    "a quote in both, other rows": ('0 | 4==say "x"', '1 | 0=="b', ROWS, WRONG),
    "a quote that makes other SQL": ("0 | 2>0", '0 | 2>0" AND col_1 != "x', ROWS, WRONG),
    "a query that stays a value": ("0 | 4==x", "0 | 4==select a from b", ROWS, ROWS),
    "a colon that reads as a parameter": ("0 | 4==:a", '0 | 4==(:b', ROWS, ROWS),
    "a colon that reads as a parameter in one": ("0 | 4==x", "0 | 4==:a", WRONG, ROWS),
    "a colon in a time": ("0 | 4==12:30", "0 | 4==13:30", ROWS, ROWS),
    "text beside text or a number": ("0,1 | 2>15", "0,2 | 2>15", WRONG, WRONG),
    "text beside text or nothing": ("0 | 0==临江", "0,2 | 0==临江", WRONG, WRONG),
    "text and a number": ("0,2 | 2>15", "0,2 | 2>15", RIGHT, RIGHT),
    "text and a number in another order": ("0,2 | 2>15", "2,0 | 2>15", RIGHT, RIGHT),
    "text and a number, other rows": ("0,2 | 2>15", "0,2 | 2>5", WRONG, WRONG),
    "text and nothing": ("0,2 | 0==临江", "2,0 | 0==临江", RIGHT, RIGHT),
    "a number and a percentage in one row": ("2,3 | 2>15", "3,2 | 2>15", RIGHT, RIGHT),
}  # fmt: skip


@pytest.mark.parametrize(("gold", "found", "by_official", "by_strict"), CASES.values(), ids=CASES)
def test_both_scorers(tmp_path, gold, found, by_official, by_strict):
    runs = executor(tmp_path, TABLE)
    for mode, expected in (("official", by_official), ("strict", by_strict)):
        right = correctness([query(gold)], [query(found)], [TABLE], runs, mode=mode)
        assert tuple(right[0].tolist()) == expected, mode


NO_CONNECTOR = query("0 | 0==a and 1==1")._replace(connector=0)
FAILING = {
    "no connector": (NO_CONNECTOR, "Error1"),
    "no condition": (query("0"), "Error2"),
    "no selected column": (query(" | 0==a"), "Error2"),
    "an absent column": (query("9 | 0==a"), "Error3"),
    "a broken statement": (query('0 | 0==a"b'), "Error3"),
    "a query in a value": (query('0 | 0==a" OR col_3 > (SELECT MIN(col_3) FROM Table_t) OR "b'), "Error3"),
    "half a surrogate pair": (Query(((0, 0),), 0, (Condition(0, 2, "\ud800"),)), "Error3"),
    "a NUL": (query("0 | 0==a\0b"), "Error3"),
}


@pytest.mark.parametrize(("failing", "error"), FAILING.values(), ids=FAILING)
def test_the_published_scorer_has_three_errors(tmp_path, failing, error):
    assert official_scorer.official_result(failing, TABLE, executor(tmp_path, TABLE)) == error


@pytest.mark.parametrize("one", ["an absent column", "no connector"])
@pytest.mark.parametrize("other", ["an absent column", "no connector"])
def test_two_that_fail_alike_are_equal_to_the_published_scorer_alone(tmp_path, one, other):
    gold, found = FAILING[one][0], FAILING[other][0]
    runs = executor(tmp_path, TABLE)
    executions = [correctness([gold], [found], [TABLE], runs, mode=mode) for mode in ("official", "strict")]
    assert [bool(right[0, 1]) for right in executions] == [one == other, False]


def test_labels_that_fail_are_found(tmp_path):
    labels = [query("0 | 0==a"), query("9 | 0==a"), NO_CONNECTOR, query("COUNT0")]
    assert failing_labels(labels, [TABLE] * 4, executor(tmp_path, TABLE)).tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_rows_of_mixed_types_cost_no_question_of_their_batch(tmp_path):
    runs, mixed = executor(tmp_path, TABLE), query("0,2 | 2>15")
    labels = [query("0 | 0==海州"), mixed, query("0 | 0==海州")]
    for mode in ("official", "strict"):
        assert correctness(labels, labels, [TABLE] * 3, runs, mode=mode).all()


# the two published branches, by a specification of their own: Python 2's order of types, and `key=str`
def _by_types(row):
    numbers = sorted(value for value in row if isinstance(value, int | float))
    texts = sorted(value for value in row if isinstance(value, str))
    return [None] * row.count(None) + numbers + texts


def _by_text(row):
    return sorted(row, key=str)


def _ambiguous(row):
    """Whether two values of a row have one text, or are one number in two texts."""
    texts = {(type(value) is str, str(value)) for value in row}
    return len({text for _, text in texts}) < len(texts) or len({*row}) < len(texts)


def test_mixed_rows_are_compared_as_both_published_branches_do(tmp_path):
    random = np.random.default_rng(0)
    cells = [None, 0, 1, 2, 9, 10, 9.5, -3, "", "1", "10", "甲", "a", "9.5%"]
    compared, differing = set(), 0
    for _ in range(200):
        rows = [tuple(cells[place] for place in random.integers(len(cells), size=3)) for _ in range(2)]
        other = [tuple(each[place] for place in random.permutation(3)) for each in rows]
        if random.random() < 0.4:
            other[0] = tuple(cells[place] for place in random.integers(len(cells), size=3))
        ours = [[tuple(sorted(row, key=official_scorer._by_type)) for row in side] for side in (rows, other)]
        same = ours[0] == ours[1]
        assert same == ([*map(_by_types, rows)] == [*map(_by_types, other)]), (rows, other)
        by_text = [*map(_by_text, rows)] == [*map(_by_text, other)]
        assert same == by_text or any(map(_ambiguous, rows + other)), (rows, other)
        compared.add(same)
        differing += same != by_text
    assert compared == {True, False}
    assert 0 < differing < 20


@pytest.mark.parametrize(
    ("one", "other"), [((1e16, 15), (10**16, 15)), ((1, "1"), ("1", 1))], ids=["two texts", "one text"]
)
def test_the_branches_differ_where_texts_and_numbers_disagree(one, other):
    assert _by_types(one) == _by_types(other)
    assert _by_text(one) != _by_text(other)
    ours = [tuple(sorted(row, key=official_scorer._by_type)) for row in (one, other)]
    assert ours[0] == ours[1]


def test_no_query_is_wrong_and_costs_the_published_scorer_its_batch(tmp_path):
    runs, good = executor(tmp_path, TABLE), query("0 | 0==海州")
    given = ([good] * 3, [good, None, good], [TABLE] * 3, runs)
    assert correctness(*given, mode="strict").tolist() == [[True] * 2, [False] * 2, [True] * 2]
    assert not correctness(*given, mode="official").any()


def test_the_published_scorer_compares_the_label_as_the_file_has_it(tmp_path):
    runs, asked = executor(tmp_path, TABLE), query("0 | 2==20")
    idle = asked._replace(connector=1)
    number = asked._replace(conditions=(Condition(2, 2, 20),))  # type: ignore[arg-type]
    for given, form in ((None, True), (idle, False), (number, False)):
        for mode, right in (("official", form), ("strict", True)):
            found = correctness([asked], [asked], [TABLE], runs, mode=mode, given=[given])
            assert found.tolist() == [[right, True]], (given, mode)


def test_batches_are_lost_of_points_too():
    points, failed = np.full((130, 1), 0.5, np.float32), np.arange(130) == 129
    lost = without_lost_batches(points, failed, mode="official")
    assert lost.shape == (130, 1)
    assert lost[:, 0].tolist() == [0.5] * 128 + [0.0] * 2
    assert without_lost_batches(points, failed, mode="strict") is points


PAIRS = Table("p", "p", "", ("a", "b", "c", "d"), ("real",) * 4, ((1, 2, 2, 1), (3, 4, 3, 4)))
FORGOTTEN = {
    "columns in another order": ("0,1 | 0>0", "1,0 | 0>0", RIGHT, RIGHT),
    "a row whose values are exchanged": ("0,1 | 0==1", "2,3 | 0==1", ROWS, ROWS),
    "one of two rows whose values are exchanged": ("0,1 | 0>0", "2,3 | 0>0", ROWS, WRONG),
}


@pytest.mark.parametrize(("gold", "found", "by_official", "by_strict"), FORGOTTEN.values(), ids=FORGOTTEN)
def test_the_published_scorer_forgets_of_which_column_a_value_is(
    tmp_path, gold, found, by_official, by_strict
):
    runs = executor(tmp_path, PAIRS)
    for mode, expected in (("official", by_official), ("strict", by_strict)):
        right = correctness([query(gold)], [query(found)], [PAIRS], runs, mode=mode)
        assert tuple(right[0].tolist()) == expected, mode


def test_the_published_scorer_compares_rows_in_order(tmp_path):
    runs, asked = executor(tmp_path, PAIRS), query("0 | 0>0")
    wanted = official_scorer.official_result(asked, PAIRS, runs)
    assert official_scorer.same_result(wanted, asked, PAIRS, runs)
    assert not official_scorer.same_result(wanted[::-1], asked, PAIRS, runs)


SAME = {
    "rows in another order": ([(1,), (2,)], [(2,), (1,)], True),
    "columns in another order": ([(1, "a"), (2, "b")], [("a", 1), ("b", 2)], True),
    "columns exchanged in one row": ([(1, 2), (3, 4)], [(2, 1), (3, 4)], False),
    "columns that hold the same in another order": ([(1, 2), (2, 1)], [(2, 1), (1, 2)], True),
    "alike columns of three": ([(1, 2, 3), (2, 1, 3)], [(3, 2, 1), (3, 1, 2)], True),
    "alike columns that belong to other rows": ([(1, 2, 3), (2, 1, 4)], [(1, 1, 3), (2, 2, 4)], False),
    "a row twice": ([(1,), (1,), (2,)], [(1,), (2,), (2,)], False),
    "a number and its text": ([(1,)], [("1",)], False),
    "whole and real numbers": ([(1,)], [(1.0,)], True),
    "empty cells": ([(None, 1)], [(1, None)], True),
    "no rows": ([], [], True),
    "a column less": ([(1, 1)], [(1,)], False),
}


@pytest.mark.parametrize(("gold", "found", "same"), SAME.values(), ids=SAME)
def test_rows_are_the_same_up_to_order(gold, found, same):
    assert same_rows(tuple(gold), tuple(found)) is same
    assert same_rows(tuple(found), tuple(gold)) is same


PARTS = {
    "2 | 0==临江 and 2>5": set(),
    "3 | 0==临江 and 2>5": {"selected columns"},
    "MAX2 | 0==临江 and 2>5": {"aggregates"},
    "2 | 0==临江 or 2>5": {"connector"},
    "2 | 1==临江 and 2>5": {"condition columns"},
    "2 | 0==临江 and 2<5": {"operators"},
    "2 | 0==海州 and 2>5": {"values"},
    "2 | 2>5.0 and 0==临江": set(),
    "2 | 0==临江": {"connector", "condition columns", "operators", "values"},
    "2,SUM3 | 0==临江 and 2>5": {"selected columns", "aggregates"},
    "2": {"connector", "condition columns", "operators", "values"},
}


@pytest.mark.parametrize(("written", "wrong"), PARTS.items())
def test_each_part_is_compared_alone(written, wrong):
    right = subtask_correctness(query("2 | 0==临江 and 2>5"), query(written), TABLE)
    assert {name for name, part in zip(SUBTASKS, right, strict=True) if not part} == wrong


def test_a_score_is_the_mean_of_both_with_its_standard_error():
    right = np.array([[True, True], [False, True], [False, False], [True, True]])
    mean, error = mean_and_error(right.mean(axis=1))
    assert mean == 0.625
    points = [1, 0.5, 0, 1]
    spread = sum((each - 0.625) ** 2 for each in points) / 3
    assert error == pytest.approx((spread / 4) ** 0.5)
    assert mean_and_error(np.zeros(0)) == (0.0, 0.0)
    assert mean_and_error(np.array([0.5])) == (0.5, 0.0)


def test_many_columns_that_hold_the_same_are_compared_in_no_time():
    gold, found = (((0,) * few + (1,) * (12 - few), (1,) * few + (0,) * (12 - few)) for few in (6, 5))
    assert same_rows(gold, gold[::-1])
    assert not same_rows(gold, found)
