import json
from pathlib import Path

import numpy as np
import pytest

from tasks.core.competition import Score, Scores
from tasks.core.report import page
from tasks.core.report.markdown import markdown
from tasks.core.report.page import Material, Pictures, Section, TableBlock
from tasks.dogs import confusion, report
from tasks.dogs.config import Config

LABELS = [3, 7, 9]
TRUTH = [0, 0, 1, 1, 2, 2]
SIDE = 16


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    records = [{"id": f"r{n}", "label": LABELS[t], "group": n} for n, t in enumerate(TRUTH)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "train.jsonl").write_text(lines)
    (tmp_path / "classes.json").write_text(json.dumps(LABELS))
    notes = {
        "counts": {"train": 6},
        "notes": [{"kind": "repeated", "message": "kept once: 7", "count": 7, "examples": list("abcdefg")}],
    }
    (tmp_path / "train.notes.json").write_text(json.dumps(notes))
    random = np.random.default_rng(0)
    photos = random.integers(0, 256, (len(TRUTH), SIDE, SIDE, 3), np.uint8)
    np.save(tmp_path / "train_photos.npy", photos)
    return tmp_path


def material(dataset: Path, rows: list[list[float]], **config) -> Material:
    blended = Scores([f"r{n}" for n in range(len(rows))], np.array(rows, np.float32))
    return Material(
        dataset=dataset,
        folds=np.array([0, 1, 0, 1, 0, 1]),
        members={"only": blended},
        blended=blended,
        weights={"only": 1.0},
        score=lambda scores: Score("accuracy", 0.5, 0.1),
        histories={},
        steps=[],
        config=Config.model_validate(config).model_dump(mode="json"),
    )


RIGHT = [[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
# r0 and r1 (label 3) are taken for 7, r1 the more certainly; r2 (label 7) for 3.
WRONG = [[0.3, 0.6, 0.1], [0.005, 0.9, 0.095], [0.7, 0.3, 0], *RIGHT[3:]]


def section(found: list[Section], title: str) -> Section:
    return next(section for section in found if section.title == title)


def table(found: Section) -> TableBlock:
    return next(block for block in found.blocks if isinstance(block, TableBlock))


def pictures(found: Section) -> Pictures:
    return next(block for block in found.blocks if isinstance(block, Pictures))


def test_confused_pairs_count_both_directions(dataset):
    found = section(report.sections(material(dataset, WRONG)), "Confused breeds")
    assert table(found).rows == [[3, 7, 2, 1, 0.75]]


def test_pairs_come_most_often_confused_first():
    counts = np.array([[9, 1, 0], [1, 9, 2], [0, 3, 9]])
    assert confusion.confused_pairs(counts) == [(1, 2), (0, 1)]


def test_breeds_are_listed_worst_first_with_what_they_are_taken_for(dataset):
    found = section(report.sections(material(dataset, WRONG)), "Accuracy by breed")
    assert table(found).rows == [[3, 2, 0, 0.0, 7], [7, 2, 1, 0.5, 3], [9, 2, 2, 1.0, None]]


def test_worst_mistakes_show_their_photographs_most_certain_first(dataset):
    items = pictures(section(report.sections(material(dataset, WRONG)), "Worst mistakes")).items
    assert [item.caption for item in items] == ["3 taken for 7", "7 taken for 3", "3 taken for 7"]
    assert [item.detail.split("\n")[1] for item in items] == ["r1", "r2", "r0"]
    assert items[0].detail.startswith("90.0%, true breed 0.5%")
    photos = np.load(dataset / "train_photos.npy")
    assert items[0].data == page.jpeg(photos[1], side_pixels=SIDE)


def test_suspects_are_the_labels_that_are_all_but_ruled_out(dataset):
    rows = table(section(report.sections(material(dataset, WRONG)), "Suspect labels")).rows
    assert [(row[0], row[1], row[3]) for row in rows] == [("r1", 3, 7)]


def test_perfect_answers_leave_no_section_of_mistakes(dataset):
    titles = {found.title for found in report.sections(material(dataset, RIGHT))}
    assert titles == {"Accuracy by breed", "Augmentation", "Notes on the data"}


def test_recipes_of_one_augmentation_share_a_sheet(dataset):
    recipes = [{"name": "a"}, {"name": "b"}, {"name": "c", "augmentation": {"flip": False}}]
    found = report.sections(material(dataset, RIGHT, recipes=recipes))
    items = pictures(section(found, "Augmentation")).items
    assert [(item.caption, item.detail) for item in items] == [
        ("a, b", "defaults"),
        ("c", "flip = False"),
    ]


def test_notes_show_counts_and_the_first_examples(dataset):
    found = section(report.sections(material(dataset, RIGHT)), "Notes on the data")
    assert found.blocks[0].rows == [["train", 6]]
    assert found.blocks[1].rows == [["repeated", "kept once: 7", "a, b, c, d, e and 2 more"]]


def test_scores_in_another_order_are_refused(dataset):
    given = material(dataset, RIGHT)
    shuffled = Scores(given.blended.ids[::-1], given.blended.values)
    with pytest.raises(ValueError, match="6 training records in their order"):
        report.sections(given._replace(blended=shuffled))


def test_the_sections_can_be_rendered(dataset):
    found = report.sections(material(dataset, WRONG))
    assert "3 taken for 7" in page.render("dogs", "", found)
    assert all(markdown(one).startswith("## ") for one in found)
