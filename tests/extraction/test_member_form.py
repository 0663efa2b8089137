"""Members' triples in files: those of predicates that a training file never labels are left out."""

from pathlib import Path

from tasks.extraction.member_form import member_form
from tasks.learning.ensemble.candidates import key
from tests.extraction.jobs import dataset, write_json


def test_triples_that_no_label_can_judge_are_told_by_file_and_predicate(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "data")
    write_json(folder / "unlabelled.json", {"train": ["作者"]})
    form = member_form(folder)
    wrote, born = key(("青石巷", "作者", "陆一舟")), key(("陆一舟", "出生地", "临江"))
    assert [form.can_be_judged("train:1", each) for each in (wrote, born)] == [False, True]
    assert [form.can_be_judged("validation:1", each) for each in (wrote, born)] == [True, True]


def test_without_the_training_part_all_can_be_judged(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "data")
    for name in ("train.jsonl", "unlabelled.json"):
        (folder / name).unlink()
    assert member_form(folder).can_be_judged("test:0", key(("青石巷", "作者", "陆一舟")))
