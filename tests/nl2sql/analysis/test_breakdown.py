import json
import sys
from pathlib import Path

import pytest

from tasks.core.report.formatting import Estimate
from tasks.learning.ensemble import prediction_files
from tasks.nl2sql.analysis import breakdown, evaluation, question_groups
from tests.nl2sql import written
from tests.nl2sql.outcomes import candidate, right, scores, tables
from tests.nl2sql.tiny import query


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return written.dataset(tmp_path)


@pytest.fixture
def folder(tmp_path: Path, dataset: Path) -> Path:
    """Scores of the validation part whose second question is answered wrongly as a whole, not in parts."""
    records = right(dataset, "validation")
    records[1] = {
        candidate("0 | 1==销售部"): 0.4,
        candidate("0 | 2>9000"): 0.25,
        candidate("COUNT0 | 2>10000"): 0.2,
        candidate("0 | 2>10000"): 0.3,
    }
    made = tmp_path / "scores"
    made.mkdir()
    prediction_files.write(made, "validation", scores(dataset, "validation", records))
    return made


def test_the_validation_part_is_scored_by_known_and_new_tables(dataset, folder):
    found = breakdown.validation_sections(dataset, folder)
    total = tables(found, "Logic form and execution")[0].rows[0]
    assert total == ["validation", "strict", 2, *[Estimate(0.5, pytest.approx(0.5))] * 3]
    by_exposure = tables(found, "Scores by table")[0]
    assert by_exposure.rows == [
        ["table in training", 1, 1.0, 1.0, Estimate(1.0, 0.0)],
        ["new headings", 1, 0.0, 0.0, Estimate(0.0, 0.0)],
    ]


def test_labels_that_cannot_be_executed_are_counted(dataset, folder):
    found = evaluation.evaluate(dataset, "validation", prediction_files.read(folder, "validation"))
    gold = [found.gold[0], query("9 | 0==a")]
    texts = [breakdown.totals([each]).blocks[0] for each in (found, found._replace(gold=gold))]
    assert [each.text.rpartition(": ")[2] for each in texts] == ["0 of 2.", "1 of 2."]


def test_an_ensemble_is_evaluated_by_its_own_decision(dataset, folder):
    (folder / "blend.json").write_text(json.dumps({"decision": {"vote": "parts"}}))
    found = breakdown.validation_sections(dataset, folder)
    assert tables(found, "Logic form and execution")[0].rows[0][3].value == 1.0


def test_the_program_prints_tables_for_a_document(dataset, folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["breakdown", str(dataset), str(folder)])
    breakdown.main()
    printed = capsys.readouterr().out
    assert "## Sub-tasks" in printed
    assert "| validation | strict | 2 | 0.5000 ± 0.5000 |" in printed


def test_figures_of_a_second_part_follow_those_of_the_first(dataset):
    found = [
        evaluation.evaluate(dataset, part, scores(dataset, part, right(dataset, part)))
        for part in ("train", "validation")
    ]
    (table, *_) = breakdown.by_groups("", question_groups.by_label(found), found).blocks
    assert table.columns[-2:] == ["validation questions", "validation mean"]
    assert table.rows[1] == ["2", 2, 1.0, 1.0, Estimate(1.0, 0.0), 0, None]
    parts = breakdown.by_subtask(found).blocks[0]
    assert parts.columns[1:5] == ["right", "only error", "right, validation", "only error, validation"]


def test_a_single_group_makes_no_table(dataset):
    found = [evaluation.evaluate(dataset, "train", scores(dataset, "train", right(dataset)))]
    one = question_groups.Grouping("all", "", ["all"], [["all"] * 7])
    assert breakdown.by_groups("title", [one], found).blocks == []
