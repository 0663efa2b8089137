from pathlib import Path

import numpy as np
import pytest

from tasks.core.report import page
from tasks.core.report.formatting import Estimate
from tasks.core.report.markdown import markdown
from tasks.core.report.page import TableBlock
from tasks.nl2sql import report
from tasks.nl2sql.analysis import error_examples
from tests.nl2sql import written
from tests.nl2sql.outcomes import candidate, material, right, scores, tables

HOSTILE = '<script>alert("1")</script>\x1b\u202e`|'


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return written.dataset(tmp_path)


def wrong(dataset: Path) -> list[dict[str, float]]:
    """Another column, half of a value, another cell, and what finds the same by another condition."""
    records = right(dataset)
    records[0] = {candidate("2 | 0==青石花园"): 0.8, candidate("1 | 0==青石花园"): 0.3}
    records[1] = {candidate("2 | 0==青石花园 or 0==临江"): 0.7}
    records[4] = {candidate("SUM3 | 2==海南"): 0.6}
    records[6] = {candidate("MAX3 | 0>2020"): 0.5}
    return records


def section_tables(dataset: Path, title: str, **fields) -> list[TableBlock]:
    return tables(report.sections(material(dataset, wrong(dataset), **fields)), title)


def test_both_scorers_give_logic_form_execution_and_their_mean(dataset):
    (found,) = section_tables(dataset, "Logic form and execution")
    assert [row[:3] for row in found.rows] == [["out of fold", "strict", 7], ["out of fold", "official", 7]]
    assert [figure.value for figure in found.rows[0][3:]] == [3 / 7, 4 / 7, 0.5]
    points = np.array([0, 0, 1, 1, 0, 1, 0.5])
    assert found.rows[0][5].standard_error == pytest.approx(points.std(ddof=1) / np.sqrt(7))


def test_parts_of_queries_are_counted_as_only_errors(dataset):
    (found,) = section_tables(dataset, "Sub-tasks")
    assert {row[0]: row[1:3] for row in found.rows} == {
        "selected columns": [6 / 7, 1],
        "aggregates": [1.0, 0],
        "connector": [1.0, 0],
        "condition columns": [1.0, 0],
        "operators": [6 / 7, 0],
        "values": [4 / 7, 2],
        "combination of parts": [None, 0],
    }


def test_right_parts_in_a_wrong_combination_are_counted(dataset):
    records = right(dataset)
    records[5] = {candidate("1 | 5<31.43% and 4!=宋遥"): 0.9, candidate("1 | 5!=31.43% and 4<宋遥"): 0.8}
    found = tables(report.sections(material(dataset, records)), "Sub-tasks")
    assert found[0].rows[-1][2] == 0
    swapped = [*records[:5], {candidate("1 | 4<宋遥 and 5!=31.43%"): 0.9}, records[6]]
    found = report.sections(material(dataset, swapped))
    assert tables(found, "Sub-tasks")[0].rows[-1][2] == 1
    assert "Wrong: combination of parts" in tables(found, "Most confident errors")[0].caption


def test_confusions_are_counted_with_kinds_of_wrong_values(dataset):
    codes, columns, values = section_tables(dataset, "Confusions")
    assert codes.rows == [["operator", "==", ">", 1]]
    assert columns.rows == [["selected column", "成交均价", "成交套数", 1]]
    assert values.rows == [
        ["a piece of the labelled value", 1, 0.5, "临江, labelled 临江小区"],
        ["another cell of the column", 1, 0.5, "海南, labelled 山西"],
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("1 | 4<131.43% and 5!=宋遥", "the labelled value with more around it"),
        ("1 | 4<31.4 and 5!=宋遥", "a piece of the labelled value"),
        ("1 | 4<宋遥 and 5!=宋遥", "the value of another labelled condition"),
        ("1 | 4<69.92% and 5!=宋遥", "another cell of the column"),
        ("1 | 4<用户 and 5!=宋遥", "another text of the question"),
        ("1 | 4<12 and 5!=宋遥", "another text"),
    ],
)
def test_a_wrong_value_is_of_the_first_kind_that_fits(dataset, answer, kind):
    records = right(dataset)
    records[5] = {candidate(answer): 0.9}
    (values,) = tables(report.sections(material(dataset, records)), "Confusions")
    assert [row[:3] for row in values.rows] == [[kind, 1, 1.0]]


def test_the_most_confident_errors_come_first_with_the_results_of_both_queries(dataset):
    query, excerpt, *_ = section_tables(dataset, "Most confident errors")
    assert query.caption == "train:1, score 0.80. Wrong: selected columns."
    title = "南屏市商品房成交价格表"
    assert query.rows == [
        ["labelled", f"SELECT 成交均价 FROM {title} WHERE 项目名称 == '青石花园'", "31250.5"],
        ["answered", f"SELECT 成交套数 FROM {title} WHERE 项目名称 == '青石花园'", "12.0"],
    ]
    assert excerpt.caption == f"{title}: 3 rows, 4 columns."
    assert excerpt.rows == [
        ["项目名称", "text", "== 青石花园", "== 青石花园", "青石花园", "临江小区"],
        ["成交均价", "real", "select", "", "31250.5", "18000.0"],
        ["成交套数", "real", "", "select", "12.0", "3.0"],
        ["年月", "text", "", "", "2022年05月", "2022年05月"],
    ]


def test_errors_with_the_same_result_have_a_section_of_their_own(dataset):
    query, _ = section_tables(dataset, "Same result by another query")
    assert query.caption == "train:7, score 0.50. Wrong: operators, values."
    assert [row[2] for row in query.rows] == ["5120.0", "5120.0"]


def test_of_one_table_few_errors_with_the_same_parts_wrong_are_shown(dataset, monkeypatch):
    monkeypatch.setattr(error_examples, "MOST_SIMILAR", 1)
    records = wrong(dataset)
    records[1] = {candidate("1 | 0==青石花园 or 0==临江小区"): 0.7}
    found = tables(report.sections(material(dataset, records)), "Most confident errors")
    assert [table.caption[:8] for table in found[::2]] == ["train:1,", "train:5,"]


def test_recall_of_the_right_query_is_given_by_number_of_candidates(dataset):
    found, parts = section_tables(dataset, "Candidates")
    assert found.rows == [[1, 3 / 7], [2, 4 / 7]]
    assert parts.rows[0] == ["selected columns", 6 / 7, 1.0]
    section = next(
        each for each in report.sections(material(dataset, wrong(dataset))) if each.title == "Candidates"
    )
    assert section.blocks[0].text.startswith("Of 4 wrong logic forms out of fold, 1 had the right query")


def test_questions_without_candidates_are_counted(dataset):
    found = report.sections(material(dataset, [{}] * 7))
    section = next(each for each in found if each.title == "Candidates")
    assert "7 questions had no candidate and got the fallback query" in section.blocks[0].text
    assert tables(found, "Candidates")[0].rows == [[0, 0.0]]


def test_votes_are_compared_with_the_other_way_and_with_each_member(dataset):
    other = right(dataset)
    other[2] = {candidate("0 | 0==A12地块"): 0.9}
    members = {"one": scores(dataset, "train", wrong(dataset)), "two": scores(dataset, "train", other)}
    (found,) = section_tables(dataset, "Votes", members=members)
    assert [row[:2] for row in found.rows] == [
        ["the blend as answered", "whole queries"],
        ["the blend", "selection and conditions apart"],
        ["one", "whole queries"],
        ["two", "whole queries"],
    ]
    assert isinstance(found.rows[0][2], Estimate)
    assert found.rows[2][3:] == [0, 0, 0]
    assert found.rows[3][3:] == [5, 4, 1]


def test_perfect_answers_leave_no_section_of_errors(dataset):
    titles = [section.title for section in report.sections(material(dataset, right(dataset)))]
    assert titles == [
        "Logic form and execution",
        "Sub-tasks",
        "Scores by label",
        "Scores by table",
        "Candidates",
        "Votes",
        "Notes on the data",
    ]


def test_the_validation_part_is_shown_with_answers_by_the_same_decision(dataset):
    validation = scores(dataset, "validation", right(dataset, "validation"))._replace(decision=None)
    found, _ = section_tables(dataset, "Candidates", blended_validation=validation)
    assert found.columns == ["candidates", "right", "right, validation"]
    (totals,) = section_tables(dataset, "Logic form and execution", blended_validation=validation)
    assert [row[:3] for row in totals.rows[2:]] == [
        ["validation", "strict", 2],
        ["validation", "official", 2],
    ]


def test_scores_in_another_order_are_refused(dataset):
    given = material(dataset, right(dataset))
    shuffled = given.blended._replace(ids=given.blended.ids[::-1])
    with pytest.raises(ValueError, match="7 questions of the train part in their order"):
        report.sections(given._replace(blended=shuffled))


def test_hostile_tables_and_questions_break_neither_page_nor_markdown(tmp_path):
    columns = {HOSTILE: "text", "</td>": "real", "": "real"}
    table = written.table("t", columns, [(HOSTILE, 1.0, None)], title=HOSTILE)
    asked = written.question("t", HOSTILE, [(1, 0)], [(0, 2, HOSTILE)])
    part = written.Part([table], [asked])
    dataset = written.dataset(tmp_path, {"train": part, "val": part, "test": written.TEST})
    found = report.sections(material(dataset, [{candidate(f"2 | 0!={HOSTILE}x"): 0.9}]))
    text = page.render("nl2sql", "", found)
    assert "&lt;script&gt;alert(" in text
    assert "&lt;/td&gt;" in text
    assert not any(piece in text for piece in ("<script", "\x1b", "\u202e"))
    assert "<script" not in "".join(map(markdown, found))


def test_the_sections_can_be_rendered(dataset):
    found = report.sections(material(dataset, wrong(dataset)))
    assert "SELECT SUM(营业收入) FROM 表_0" in page.render("nl2sql", "", found)
    assert all(markdown(section).startswith("## ") for section in found)
