import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.competition import Score, Scores
from tasks.core.dataset import PartFolders, note, notes_file
from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Chart, Material, Section, SeedScores, TableBlock, Text
from tasks.learning.report import sections

RIGHT = {"a": 0, "b": 1, "c": 0, "d": 1}


def scores(answers: list[int]) -> Scores:
    return Scores(list(RIGHT), np.eye(2, dtype=np.float32)[answers])


def accuracy(part: Scores) -> Score:
    right = part.values.argmax(axis=1) == [RIGHT[name] for name in part.ids]
    return Score("accuracy", float(right.mean()), 0.1)


def material(**changes) -> Material:
    members = {"good": scores([0, 1, 0, 0]), "bad": scores([1, 1, 1, 1])}
    epoch = {
        "stage": 0,
        "epoch": 1,
        "loss": 1.0,
        "accuracy": 0.5,
        "learning_rate": 0.1,
        "seconds": 2,
    }
    base = Material(
        dataset=Path("dataset"),
        folds=np.array([0, 0, 1, 1]),
        members=members,
        blended=scores([0, 1, 0, 1]),
        weights={"bad": 0.25, "good": 0.75},
        score=accuracy,
        histories={"good, fold 0": [epoch, epoch]},
        steps=[
            {"step": "train", "label": "good, fold 0", "state": "Completed", "seconds": 3600.0},
            {"step": "train", "label": "bad, fold 0", "state": "Cached", "seconds": None},
        ],
        config={"folds": {"count": 2}, "recipes": [{"name": "x", "sizes": [1, 2]}], "seed": 0},
    )
    return base._replace(**changes)


def write_notes(folder: Path, part: str, counts: dict[str, int], notes: list[dict[str, Any]]) -> None:
    (folder / notes_file(part)).write_text(json.dumps({"counts": counts, "notes": notes}))


def table(section: Section) -> TableBlock:
    return next(block for block in section.blocks if isinstance(block, TableBlock))


def words(section: Section) -> str:
    return " ".join(block.text for block in section.blocks if isinstance(block, Text))


def test_members_and_blend_are_listed_best_first():
    assert [row[0] for row in table(sections.scores(material())).rows] == ["blend", "good", "bad"]


def test_the_best_is_the_smallest_where_lower_is_better():
    def loss(part: Scores) -> Score:
        return accuracy(part)._replace(name="loss", higher_is_better=False)

    section = sections.scores(material(score=loss))
    assert [row[0] for row in table(section).rows] == ["bad", "good", "blend"]
    assert "The lower the better" in words(section)


def test_the_nested_score_of_the_weights_is_shown_where_there_is_one():
    assert "its score is slightly too optimistic" in words(sections.scores(material()))
    told = words(sections.scores(material(nested=Score("accuracy", 0.8125, 0.0625))))
    assert "weights chosen for each fold on the other folds, it scores 0.8125 ± 0.0625" in told


def test_a_single_member_is_not_repeated_as_a_blend():
    one = material(members={"good": scores([0, 1, 0, 0])}, weights={"good": 1.0})
    assert [row[0] for row in table(sections.scores(one)).rows] == ["good"]
    assert "optimistic" not in words(sections.scores(one))
    assert not sections.weights(one).blocks


def test_each_fold_is_scored_on_its_own_records():
    shown = table(sections.scores_by_fold(material()))
    assert shown.columns == ["held out", "records", "blend", "good", "bad"]
    assert shown.rows[1][:4] == ["fold 1", 2, Estimate(1.0, 0.1), Estimate(0.5, 0.1)]
    assert shown.rows[-1][:3] == ["all", 4, Estimate(1.0, 0.1)]


def test_a_training_is_told_by_its_last_epoch():
    shown = table(sections.training(material()))
    assert shown.columns == ["training", "epochs", "loss", "accuracy"]
    assert shown.rows == [["good, fold 0", 2, 1.0, 0.5]]


def epochs(*accuracies: float, stage: int = 1) -> list[dict[str, Any]]:
    return [{"stage": stage, "loss": 1.0, "held_out_accuracy": each} for each in accuracies]


@pytest.mark.parametrize(
    ("keep_best", "history", "kept"),
    [
        ([True], epochs(0.5, 0.8, 0.7), 2),
        ([False], epochs(0.5, 0.8, 0.7), 3),
        ([False, True], [*epochs(0.9), *epochs(0.6, 0.8, 0.7, stage=2)], 3),
        ([True, True], [*epochs(0.9), *epochs(0.6, 0.8, 0.7, stage=2)], 1),
        ([], epochs(0.5, 0.8, 0.7), 3),
    ],
)
def test_a_training_is_told_by_the_epoch_whose_weights_it_kept(keep_best, history, kept):
    stages = [{"epochs": 4, "keep_best": each, "of_one_competition": 1} for each in keep_best]
    config = {"recipes": [{"name": "good", "training": {"stages": stages}}]}
    shown = table(sections.training(material(histories={"good, fold 0": history}, config=config)))
    place = shown.columns.index("held-out accuracy")
    assert shown.rows[0][place] == history[kept - 1]["held_out_accuracy"]
    assert ("kept" in shown.columns) == (kept != len(history))


def test_a_training_is_told_with_whichever_figures_were_taken():
    measured = {"stage": 1, "epoch": 1, "loss": 2.0, "held_out_f1_of_marks": 0.25, "learning_rate": 0.1}
    bare = {name: value for name, value in measured.items() if name != "held_out_f1_of_marks"}
    shown = table(sections.training(material(histories={"a, fold 0": [measured], "b": [bare], "c": []})))
    assert shown.columns == ["training", "epochs", "loss", "held-out F1 of marks"]
    assert shown.rows == [["a, fold 0", 1, 2.0, 0.25], ["b", 1, 2.0, None]]


def test_single_seeds_are_told_beside_their_mean():
    assert not sections.seeds(material()).blocks
    single = [Score("accuracy", value, 0.1) for value in (0.5, 0.75, 1.0)]
    told = sections.seeds(material(seeds={"good": SeedScores(Score("accuracy", 0.875, 0.0625), single)}))
    assert told in sections.sections(
        material(seeds={"good": SeedScores(Score("accuracy", 0.875, 0.0625), single)})
    )
    assert table(told).rows == [
        ["good", 3, Estimate(0.75, 0.25), 0.5, 1.0, Estimate(0.875, 0.0625), 0.125],
    ]


def test_curves_of_seeds_are_drawn_as_their_mean_by_fold(monkeypatch):
    drawn: list[Any] = []

    def learning_curves(histories, *, caption):
        drawn.append((histories, caption))
        return Chart("", b"", caption)

    monkeypatch.setattr(sections.charts, "learning_curves", learning_curves)
    low, high = ([{"stage": 1, "loss": loss}, {"stage": 2, "loss": loss / 2}] for loss in (1.0, 3.0))
    histories = {"good, fold 0 seed 0": low, "good, fold 0 seed 1": high, "good, fold 1 seed 0": low}
    histories |= {"good, fold 1 seed 1": low, "bad, fold 0": high}
    told = sections.training(material(histories=histories))
    curves, caption = drawn[0]
    assert [row[0] for row in table(told).rows] == list(histories)
    mean = [{"stage": 1, "loss": 2.0}, {"stage": 2, "loss": 1.0}]
    assert curves == {"good, fold 0": mean, "good, fold 1": low, "bad, fold 0": high}
    assert caption.endswith("Of several seeds the mean.")


def test_curves_are_drawn_of_the_members_with_the_largest_weights(monkeypatch):
    drawn: list[list[str]] = []

    def learning_curves(histories, *, caption):
        drawn.append([*histories, caption.partition("stages. ")[2]])
        return Chart("", b"", caption)

    monkeypatch.setattr(sections.charts, "learning_curves", learning_curves)
    monkeypatch.setattr(sections, "MOST_CURVES", 2)
    history = material().histories["good, fold 0"]
    names = ["bad, fold 0", "bad, fold 1", "language model", "good, fold 0"]
    told = sections.training(material(histories=dict.fromkeys(names, history)))
    sections.training(material(histories=dict.fromkeys(names[:3], history)))
    assert drawn == [
        ["bad, fold 0", "bad, fold 1", "good, fold 0", "Only the 2 members with the largest weights."],
        [*names[:3], ""],
    ]
    assert len(table(told).rows) == 4


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (7_260, "2 h 1 min")]
)
def test_a_duration_is_told_as(seconds, shown):
    assert sections._duration(seconds) == shown


def test_time_counts_states_and_sums_seconds():
    assert "2 steps (1 completed, 1 cached), 1 h 0 min of work" in words(sections.time(material().steps))


def test_the_time_of_a_run_is_not_that_of_the_runs_before_it():
    steps = [{"step": step, "label": step, "state": "cached", "seconds": 600.0} for step in ("load", "train")]
    told = words(sections.time(steps))
    assert "2 steps (2 cached), 0 s of work in all" in told
    assert "Steps from the cache had taken 20 min when they ran." in told
    assert not any(isinstance(block, Chart) for block in sections.time(steps).blocks)


def test_settings_are_named_as_the_command_line_takes_them():
    assert table(sections.settings(material().config)).rows == [
        ["folds.count", "2"],
        ["recipes.0.name", '"x"'],
        ["recipes.0.sizes", "[1, 2]"],
        ["seed", "0"],
    ]


def test_own_sections_stand_between_results_and_origins_and_empty_ones_are_left_out():
    own = [Section("Own", [Text("x")]), Section("Empty", [])]
    bare = material(histories={}, steps=[], config={})
    titles = [section.title for section in sections.sections(bare, own)]
    assert titles == ["Scores", "Scores by fold", "Weights", "Own"]
    whole = sections.sections(material())
    assert [section.title for section in whole[-3:]] == ["Training", "Time", "Settings"]
    assert any(isinstance(block, Chart) for block in whole[0].blocks)


def test_notes_show_counts_that_are_not_shown_elsewhere_and_the_first_examples(tmp_path):
    write_notes(tmp_path, "train", {"train": 6, "train x": 1}, [note("repeated", "kept once", 7, "abcdefg")])
    found = sections.notes(tmp_path, omitted={"train x"}, more=[Text("between")])
    assert found.blocks[0].rows == [["train", 6]]
    assert found.blocks[1] == Text("between")
    assert found.blocks[2].rows == [["repeated", "kept once: 7", "a, b, c, d, e and 2 more"]]


def test_notes_of_all_parts_are_one_section_and_those_of_one_kind_one_row(tmp_path):
    folders = [tmp_path / name for name in ("test", "train", "overlap")]
    for folder in folders:
        folder.mkdir()
    write_notes(folders[0], "test", {"test": 2}, [note("long", "long ones", 1_200, "xy")])
    write_notes(folders[1], "train", {"train": 6}, [note("long", "long ones", 3, "a")])
    write_notes(folders[2], "overlap", {}, [note("twins", "twins", 1, "a")])
    found = sections.notes(PartFolders.of(*folders))
    assert found.blocks[0].rows == [["train", 6], ["test", 2]]
    assert found.blocks[1].rows == [["long", "long ones: 1,203", "a, x, y"], ["twins", "twins: 1", "a"]]


def test_a_dataset_without_notes_has_no_section_of_them(tmp_path):
    assert sections.notes(tmp_path).blocks == []
