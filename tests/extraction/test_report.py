import json
from pathlib import Path

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.core.report import page
from tasks.core.report.formatting import Estimate
from tasks.core.report.markdown import markdown
from tasks.core.report.page import Chart, Material, Section, TableBlock
from tasks.extraction import metric, report
from tasks.extraction.analysis import evaluation
from tasks.extraction.analysis.errors import mistakes
from tasks.extraction.answers import answered
from tasks.extraction.config import Config
from tasks.extraction.records import Record, Triple
from tasks.learning.ensemble.candidates import Candidates, key

SENTENCES: list[tuple[str, list[Triple]]] = [
    ("《甲》由张三导演，李四主演", [("甲", "导演", "张三"), ("甲", "主演", "李四")]),
    ("《甲》由张三导演，李四主演", [("甲", "导演", "张三"), ("甲", "主演", "李四")]),
    ("王五出版《乙丙》，丁社", [("乙丙", "作者", "王五"), ("乙丙", "出版社", "丁社")]),
    ("无", []),
]
TRUE = {key(triple): 0.9 for triple in SENTENCES[0][1]}
SCORED = [
    TRUE,
    TRUE,
    {
        key(("乙", "作者", "王五")): 0.8,
        key(("乙丙", "出版社", "丁社")): 0.3,
        key(("丁社", "作者", "王五")): 0.7,
    },
    {},
]
DECISION = {"threshold": 0.5, "by_predicate": {}, "rules": []}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    names = ["导演", "主演", "作者", "出版社"]
    schema = [{"subject_type": "a", "predicate": name, "object_type": "b"} for name in names]
    notes = {
        "counts": {"train": 4, **{f"train {name}": 2 for name in names}, "validation 导演": 1},
        "notes": [{"kind": "short", "message": "short sentences: 1", "examples": ["train_data:4: 无"]}],
    }
    for name, value in {"schema": schema, "train.notes": notes, "alias": {}, "location": {}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value), "utf-8")
    write_sentences(tmp_path, SENTENCES)
    return tmp_path


def write_sentences(folder: Path, sentences: list[tuple[str, list[Triple]]]) -> None:
    values = [
        {"id": f"train_data:{row}", "text": text, "words": None, "triples": triples}
        for row, (text, triples) in enumerate(sentences, 1)
    ]
    (folder / "train.jsonl").write_text("".join(json.dumps(value) + "\n" for value in values), "utf-8")


def material(dataset: Path, scored: list[dict[str, float]] = SCORED, **decision) -> Material:
    ids = [f"train_data:{row}" for row in range(1, len(scored) + 1)]
    blended = Scores(ids, Candidates.of(scored), {**DECISION, **decision})
    scorer = metric.scorer(dataset)
    return Material(
        dataset=dataset,
        folds=np.zeros(len(scored), int),
        members={"only": blended},
        blended=blended,
        weights={"only": 1.0},
        score=lambda scores: scorer(scores.values, decision=scores.decision),
        histories={},
        steps=[],
        config=Config().model_dump(mode="json"),
    )


def section(found: list[Section], title: str) -> Section:
    return next(section for section in found if section.title == title)


def tables(found: Section) -> list[TableBlock]:
    return [block for block in found.blocks if isinstance(block, TableBlock)]


def tables_of(dataset: Path, title: str, **decision) -> list[TableBlock]:
    return tables(section(report.sections(material(dataset, **decision)), title))


def test_predicates_come_with_most_labels_first_and_a_repeated_text_counts_once(dataset):
    rows = tables_of(dataset, "F1 by predicate")[0].rows
    assert [row[:6] for row in rows] == [
        ["主演", 1, 1, 1.0, 1.0, 1.0],
        ["作者", 1, 2, 0.0, 0.0, 0.0],
        ["出版社", 1, 0, None, 0.0, 0.0],
        ["导演", 1, 1, 1.0, 1.0, 1.0],
    ]
    assert [len(row[6]) for row in rows] == [report.BAR_CHARACTERS, 0, 0, report.BAR_CHARACTERS]


def test_kinds_of_mistakes_are_counted_on_both_sides(dataset):
    invented, missed, boundaries = tables_of(dataset, "Confusions")
    assert invented.rows == [
        ["subject or object cut differently", 1, 0.5],
        ["predicate and object labelled, with another subject", 1, 0.5],
    ]
    assert missed.rows == [
        ["answered with subject or object cut differently", 1, 0.5],
        ["a candidate, but under the threshold", 1, 0.5],
    ]
    assert boundaries.rows == [["作者", 1, 1, 0, 0, 1, "乙, labelled 乙丙"]]


def test_mistakes_are_shown_in_their_sentences_surest_first(dataset):
    invented, missed = tables_of(dataset, "Mistakes and suspect labels")
    assert [row[:3] for row in invented.rows] == [
        [pytest.approx(0.8), "乙 · 作者 · 王五", "⟦王五⟧出版《⟦乙⟧丙》，丁社"],
        [pytest.approx(0.7), "丁社 · 作者 · 王五", "⟦王五⟧出版《乙丙》，⟦丁社⟧"],
    ]
    assert invented.rows[0][3] == "subject or object cut differently: 乙丙 · 作者 · 王五"
    assert missed.columns == ["score", "triple", "sentence", "id"]
    assert missed.rows[0][1:] == ["乙丙 · 出版社 · 丁社", "王五出版《⟦乙丙⟧》，⟦丁社⟧", "train_data:3"]


def test_predicates_taken_for_each_other_are_distinguished_from_further_ones(dataset):
    scored = [{}, {**TRUE, key(("甲", "导演", "李四")): 0.9}, {key(("乙丙", "导演", "王五")): 0.9}, {}]
    found = report.sections(material(dataset, scored))
    confused = tables(section(found, "Confusions"))[2]
    assert confused.rows == [["主演", "导演", 0, 1], ["作者", "导演", 1, 0]]


def test_perfect_answers_leave_no_section_of_mistakes(dataset):
    scored = [{key(triple): 1.0 for triple in triples} for _, triples in SENTENCES]
    titles = [found.title for found in report.sections(material(dataset, scored))]
    assert titles == ["F1 by predicate", "Thresholds", "Rules", "F1 by size", "Notes on the data"]


def test_thresholds_are_drawn_and_those_of_predicates_listed(dataset):
    found = section(report.sections(material(dataset, by_predicate={"出版社": 0.2})), "Thresholds")
    assert any(isinstance(block, Chart) for block in found.blocks)
    assert "75.0% are candidates at all" in found.blocks[0].text
    assert tables(found)[0].rows == [["出版社", 1, 0.2, 1.0, 0.0]]


@pytest.mark.parametrize(("threshold", "bound"), [(0.5, False), (0.2, True)])
def test_a_threshold_that_answers_nearly_all_candidates_is_pointed_out(dataset, threshold, bound):
    found = section(report.sections(material(dataset, threshold=threshold)), "Thresholds")
    assert ("lower “floor”" in found.blocks[0].text) == bound


def rule_table(given: Material) -> tuple[str, dict[str, list]]:
    found = section(report.sections(given), "Rules")
    return found.blocks[0].text, {row[0]: row for table in tables(found) for row in table.rows}


RELATIVES: list[tuple[str, list[Triple]]] = [
    ("张三的妻子李四", [("张三", "妻子", "李四"), ("李四", "丈夫", "张三")]),
    ("张三、王五", []),
]
COUPLES = [{key(("张三", "妻子", "李四")): 0.9}, {key(("张三", "父亲", "张三")): 0.9}]


@pytest.mark.parametrize("used", [[], ["spouses"], ["self_relatives", "spouses"]])
def test_a_rule_has_the_f1_with_and_without_it(dataset, used):
    write_sentences(dataset, RELATIVES)
    given = material(dataset, COUPLES, rules=used)
    rows = rule_table(given)[1]
    for name, change in {"spouses": [1, 1, 0], "self_relatives": [1, 0, -1]}.items():
        _, state, having, without, gain, *changed = rows[name]
        assert state == ("on" if name in used else "off")
        assert changed == change
        assert gain == having - without
        for value, rules in ((having, {*used, name}), (without, {*used} - {name})):
            decision = {**DECISION, "rules": sorted(rules)}
            assert value == given.score(given.blended._replace(decision=decision)).value


def test_a_rule_has_its_gain_on_validation_too(dataset):
    (dataset / "validation.jsonl").write_text((dataset / "train.jsonl").read_text("utf-8"), "utf-8")
    write_sentences(dataset, RELATIVES[1:])
    given = material(dataset, COUPLES[1:])
    scored = [{}, {}, {key(("张三", "妻子", "李四")): 0.9}, {}]
    given = given._replace(blended_validation=Scores(["any"] * 4, Candidates.of(scored)))
    rows = rule_table(given)[1]
    assert (rows["self_relatives"][5], rows["self_relatives"][8]) == (1, None)
    assert (rows["spouses"][5], rows["spouses"][8]) == (0, pytest.approx(0.0))
    assert "climate" not in rows


def test_rules_that_change_nothing_are_named_and_take_no_line(dataset):
    text, rows = rule_table(material(dataset, rules=["climate"]))
    assert "In use: climate." in text
    assert "No sentence is changed by taxonomy, nationality" in text
    assert rows == {}


def test_sizes_are_shown_by_class_of_length_and_of_triples(dataset):
    by_length, by_number = tables_of(dataset, "F1 by size")
    assert [row[:4] for row in by_length.rows] == [["0 to 25", 3, 4, 4]]
    assert [row[:4] for row in by_number.rows] == [["0", 1, 0, 0], ["2", 2, 4, 4]]
    assert isinstance(by_number.rows[1][6], Estimate)
    assert by_number.rows[0][4:] == [None, None, None, ""]
    assert report._class((5, 6, 9), 1) == "6"
    assert report._class((5, 6, 9), 3) == "10 and more"


def test_notes_list_counts_of_predicates_apart_and_only_the_ends_of_many(dataset, monkeypatch):
    counts, predicates, notes = tables_of(dataset, "Notes on the data")
    assert counts.rows == [["train", 4]]
    assert predicates.rows[0] == ["导演", 2, 1]
    assert notes.rows == [["short", "short sentences: 1", "train_data:4: 无"]]
    monkeypatch.setattr(report, "ENDS", 1)
    rows = tables_of(dataset, "Notes on the data")[1].rows
    assert [row[0] for row in rows] == ["导演", "出版社"]


def test_mistakes_and_right_answers_add_up_to_what_the_scorer_counts(tmp_path):
    from tests.extraction import contract
    from tests.extraction.raw_files import load

    root, folder = contract.write(tmp_path / "raw"), tmp_path / "dataset"
    load(root, folder)
    values = contract.random_values(folder, "train", np.random.default_rng(0))
    records = report.dataset.records(folder, "train")
    ids, texts = [record.id for record in records], [record.text for record in records]
    decision = {**DECISION, "rules": ["spouses", "enumeration"]}
    given = material(folder, [{}])._replace(blended=Scores(ids, values, decision))
    found = evaluation.read(given)
    answers = evaluation.answers(found)
    wrong = mistakes(found, answers)
    counts = metric.scorer(folder).counts(answered(values, texts, decision), np.arange(len(ids)))
    correct, given_out, _, labels = counts.sum(axis=0)
    assert given_out - correct == sum(each.side == "invented" for each in wrong) > 0
    assert labels - correct == sum(each.side == "missed" for each in wrong) > 0
    assert sum(row[1] for row in report.by_predicate(found, answers).blocks[1].rows) == labels


def test_an_alias_is_no_mistake(dataset):
    (dataset / "alias.json").write_text(json.dumps({"乙": ["乙丙"]}), "utf-8")
    found = evaluation.read(material(dataset))
    wrong = mistakes(found, evaluation.answers(found))
    assert [mistake.triple for mistake in wrong] == [("丁社", "作者", "王五"), ("乙丙", "出版社", "丁社")]


def test_scores_in_another_order_are_refused(dataset):
    given = material(dataset)
    shuffled = given.blended._replace(ids=given.blended.ids[::-1])
    with pytest.raises(ValueError, match="4 training records in their order"):
        report.sections(given._replace(blended=shuffled))


def test_the_sections_can_be_rendered(dataset):
    found = report.sections(material(dataset))
    assert "乙 · 作者 · 王五" in page.render("extraction", "", found)
    assert all(markdown(one).startswith("## ") for one in found)


def test_a_strict_scorer_counts_repeated_texts():
    twice = [Record("a", "x", None, ()), Record("b", "x", None, ())]
    assert evaluation.counting(twice, "official") == [1]
    assert evaluation.counting(twice, "strict") == [0, 1]
