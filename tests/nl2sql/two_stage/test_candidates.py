import json
from pathlib import Path

import pytest

from tasks.nl2sql.query.schema import Question, Table, from_json
from tasks.nl2sql.two_stage.candidates import (
    CandidateKind,
    ConditionCandidate,
    find_candidates,
    share_candidates,
)
from tasks.nl2sql.two_stage.inputs import operators_of
from tests.nl2sql import written

REAL = Path(__file__).parents[4] / "shared" / "data" / "nl2sql"
CELL, PART, WHOLE, KNOWN, NEW, CONVERTED, ONLY, SHARED = CandidateKind


def table(made: dict) -> Table:
    rows = tuple(map(tuple, made["rows"]))
    return Table(made["id"], made["name"], made["title"], tuple(made["header"]), tuple(made["types"]), rows)


def found(text: str, made: dict = written.COMPANIES, *, most: int = 200) -> list[ConditionCandidate]:
    return find_candidates(text, table(made), most=most)


def of_kind(kind: int, text: str, made: dict = written.COMPANIES) -> set[tuple[int, str]]:
    return {(each.column, each.value) for each in found(text, made) if each.kind == kind}


CASES = [
    ("a cell", CELL, "山西的公司有哪些", {(2, "山西")}),
    ("a cell inside a longer word", CELL, "山西省的公司有哪些", {(2, "山西")}),
    ("cells of two columns", CELL, "宋遥负责的远帆公司", {(1, "远帆公司"), (5, "宋遥")}),
    ("no cell", CELL, "公司有哪些", set()),
    ("a part of a cell, as it is said", PART, "叫晚舟的公司", {(1, "晚舟")}),
    ("the cell that a part means", WHOLE, "叫晚舟的公司", {(1, "晚舟公司")}),
    ("no part of a cell that stands there in full", PART, "晚舟公司", set()),
    ("one character is no part", PART, "晚上的公司", set()),
    ("a number that a column holds", KNOWN, "收入是2620.04", {(3, "2620.04")}),
    (
        "a number that it might be compared with",
        NEW,
        "超过12",
        {(0, "12"), (3, "12"), (4, "12")},
    ),
    ("a percentage with its sign", KNOWN, "低于31.43%的", {(4, "31.43%")}),
    (
        "a full-width number as it stands",
        NEW,
        "超过１２",
        {(0, "１２"), (3, "１２"), (4, "１２")},
    ),
    (
        "a full-width number as the table writes it",
        CONVERTED,
        "超过１２",
        {(0, "12"), (3, "12"), (4, "12%")},
    ),
    ("nothing", NEW, "", set()),
]


@pytest.mark.parametrize(
    ("kind", "text", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_a_question_may_state(kind, text, expected):
    assert of_kind(kind, text) == expected


def test_a_cell_in_another_width_comes_as_it_is_said_and_as_it_is():
    made = written.table("t", {"地块": "text"}, [["Ａ12地块"], ["B"]])
    said, meant = found("a12地块在哪", made)
    assert said == ConditionCandidate(0, "a12地块", PART, 0, 5)
    assert meant == ConditionCandidate(0, "Ａ12地块", WHOLE, 0, 5)


def test_a_column_of_one_value_gives_it_unasked():
    made = written.table("t", {"年度": "real", "公司": "text"}, [[2021.0, "甲"], [2021.0, "乙"], [None, ""]])
    assert found("有哪些公司", made) == [ConditionCandidate(0, "2021", ONLY)]


def test_spans_are_those_of_the_values():
    text = "请问山西的晚舟公司营业收入超过1470.88吗"
    for each in found(text):
        if each.kind in (
            CELL,
            PART,
            KNOWN,
            NEW,
        ):
            assert text[each.start : each.end] == each.value


def test_no_pair_of_column_and_value_comes_twice():
    pairs = [(each.column, each.value) for each in found("山西和山西，12和12，12.0")]
    assert len(pairs) == len(set(pairs))


def test_what_the_table_holds_and_named_columns_are_kept_first():
    text = "山西用户增长率低于31.43%的公司在2019年后的营业收入"
    kept = [(each.column, each.value) for each in found(text, most=3)]
    assert {(2, "山西"), (4, "31.43%")} <= set(kept)
    assert found(text, most=4)[:3] == found(text, most=3)
    assert len(found(text)) > 4


def test_a_hostile_table_is_searched_all_the_same():
    rows = [["很长" * 500 + str(number), float(number), None] for number in range(2000)]
    made = written.table("t", {"长": "text", "'; DROP": "real", "": "text"}, rows)
    kept = find_candidates("很长很长\0'\"😀 1 2 3 4", table(made), most=10)
    assert {(each.column, each.value) for each in kept} == {(1, value) for value in "1234"}


def test_candidates_of_other_questions_come_with_what_is_repeated_of_them():
    own = [found("山西的远帆公司"), found("远帆去年"), found("收入", written.PEOPLE), found("海南")]
    asked = [
        Question(str(place), text, name, None)
        for place, (text, name) in enumerate(
            [("山西的远帆公司", "a"), ("远帆去年", "a"), ("远帆", "b"), ("海南", "a")]
        )
    ]
    together = share_candidates(asked, own, most=200)
    assert [set(all_) - set(first) for all_, first in zip(together, own, strict=True)] == [set()] * 4
    own[1] = []
    (extra,) = share_candidates(asked, own, most=200)[1]
    assert extra == ConditionCandidate(1, "远帆公司", SHARED, 0, 2)


@pytest.mark.skipif(not REAL.exists(), reason="the real data is not here")
def test_nearly_all_labelled_conditions_are_among_the_candidates():
    lines = (REAL / "val" / "val.tables.json").read_text("utf-8").splitlines()
    tables = {made["id"]: table(made) for made in map(json.loads, lines)}
    wanted = right = 0
    for line in (REAL / "val" / "val.json").read_text("utf-8").splitlines()[::10]:
        made = json.loads(line)
        query = from_json(made["sql"])
        operators = operators_of(find_candidates(made["question"], tables[made["table_id"]], most=200), query)
        wanted += len(query.conditions)
        right += int((operators < 4).sum())
    assert right >= 0.99 * wanted > 100
