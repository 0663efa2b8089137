import sys
from pathlib import Path

import pytest

from tasks.core.report.markdown import markdown
from tasks.nl2sql.analysis import value_coverage
from tasks.nl2sql.analysis.value_coverage import (
    CELL,
    EITHER,
    LITERAL,
    NORMALISED,
    QUESTION,
    RECOVERED,
    coverage,
    section,
)
from tasks.nl2sql.query.schema import Condition, Query, Question
from tests.nl2sql import written
from tests.nl2sql.tiny import TABLE

COLUMNS = {name: place for place, name in enumerate(TABLE.header)}

# question, column, value: where the value occurs literally, and where only after normalisation
CASES = {
    "literally": ("在临江的单价", "城市", "临江", {QUESTION, CELL, EITHER, RECOVERED}, set()),
    "a number as cells are not written": (
        "单价大于20的城市", "单价", "20", {QUESTION, EITHER, RECOVERED}, {CELL},
    ),
    "a number in words": ("单价大于二十的城市", "单价", "20", set(), {QUESTION, CELL, EITHER, RECOVERED}),
    "another case": ("备注为A的城市", "备注", "a", {CELL, EITHER}, {QUESTION}),
    "only in the table": ("增长最多的城市", "增长率", "30%", {CELL, EITHER}, set()),
    "nowhere": ("增长最多的城市", "城市", "北窗", set(), set()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "column", "value", "plain", "more"), CASES.values(), ids=CASES)
def test_a_value_occurs_in_question_or_table_literally_or_normalised(text, column, value, plain, more):
    asked = Question("a", text, "t", Query(((0, 0),), 0, (Condition(COLUMNS[column], 2, value),)))
    found = coverage([asked], {"t": TABLE})
    assert found["", ""] == 1
    assert {place for place, form in found if form == LITERAL} == plain
    assert {place for place, form in found if form == NORMALISED} == plain | more


def test_numbers_of_each_part_are_shown_with_their_shares():
    texts = ("在临江的单价", "在北窗的单价", "单价最高的城市")
    queries = [Query(((0, 0),), 0, (Condition(0, 2, "临江"),))] * 2 + [None]
    questions = [Question("a", text, "t", query) for text, query in zip(texts, queries, strict=True)]
    shown = markdown(section({"train": coverage(questions, {"t": TABLE})}))
    assert "Of 2 of train." in shown
    assert "| in the question | 1 (0.5000) | 1 (0.5000) |" in shown


def test_the_program_reads_the_competition_s_files(tmp_path: Path, monkeypatch, capsys) -> None:
    root = written.write(tmp_path / "raw")
    monkeypatch.setattr(sys, "argv", ["value_coverage", str(root)])
    value_coverage.main()
    printed = capsys.readouterr().out
    assert "Of 9 of train, 2 of validation." in printed
    assert "| in either | 9 (1.0000) | 9 (1.0000) | 2 (1.0000) | 2 (1.0000) |" in printed


def test_files_that_are_wrong_are_named(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["value_coverage", str(tmp_path / "no")])
    with pytest.raises(SystemExit) as stopped:
        value_coverage.main()
    assert stopped.value.code == 2
    assert "expected a folder with train, val and test" in capsys.readouterr().err
