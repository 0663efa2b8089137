"""Reasons why a step must run, as text."""

from typing import Any

import pytest

from tasks.core.cache.key_diff import differences, nearest_record, reasons
from tasks.core.cache.keys import Key

INPUTS = {
    "recipe": {"rate": "0.1", "stages": [{"epochs": 3}]},
    "dataset": {"artifact": "dataset-1"},
    "data": {"root": {"contents": {"train/a.jpg": "1", "list.txt": "1"}}},
    "labels": None,
}
KEY = Key("train", INPUTS, {"tasks.dogs.model": "1"}, {"keras": "3.15"})


def record(label: str = "train one fold 0", finished: str = "2026-01-01T00:00:00", **parts: Any) -> Any:
    return {"label": label, "finished": finished, **KEY._asdict(), **parts}


def changed(**inputs: Any) -> dict[str, Any]:
    return {"inputs": INPUTS | inputs}


CASES = [
    (record(), ()),
    (None, ("never ran",)),
    (record(code={"tasks.dogs.model": "0"}), ("code of tasks.dogs.model changed",)),
    (record(libraries={"keras": "3.14"}), ("keras 3.14 → 3.15",)),
    (record(**changed(dataset={"artifact": "dataset-0"})), ("dataset changed",)),
    (record(**changed(recipe={"rate": "0.2", "stages": [{"epochs": 3}]})), ("recipe.rate: 0.2 → 0.1",)),
    (
        record(**changed(recipe={"rate": "0.1", "stages": [{"epochs": 5}]})),
        ("recipe.stages.0.epochs: 5 → 3",),
    ),
]


@pytest.mark.parametrize(("before", "expected"), CASES)
def test_each_kind_of_change_has_its_sentence(before: Any, expected: tuple[str, ...]) -> None:
    assert tuple(reasons(KEY, before)) == expected


def test_files_that_changed_are_named_in_one_sentence() -> None:
    before = record(**changed(data={"root": {"contents": {"train/a.jpg": "0", "list.txt": "1"}}}))
    (reason,) = reasons(KEY, before)
    assert "data.root" in reason
    assert "train/a.jpg" in reason
    assert "list.txt" not in reason


def test_many_files_make_a_short_sentence() -> None:
    before = record(**changed(data={"root": {"contents": {f"train/{n}.jpg": "0" for n in range(1000)}}}))
    (reason,) = reasons(KEY, before)
    assert len(reason) < 200


def test_a_file_that_came_or_went_is_a_difference() -> None:
    before = record(**changed(data={"root": {"contents": {"train/a.jpg": "1", "list.txt": "1", "x": "1"}}}))
    assert len(differences(before, KEY)) == 1
    assert "x" in reasons(KEY, before)[0]


def test_many_changes_are_cut_short() -> None:
    before = record(**changed(recipe={f"field{number}": number for number in range(20)}))
    told = reasons(KEY, before)
    assert len(told) == 5
    assert "more" in told[-1]


def test_the_nearest_record_differs_least() -> None:
    near = record(libraries={"keras": "3.14"})
    far = record(libraries={"keras": "3.14"}, code={}, finished="2026-02-02T00:00:00")
    assert nearest_record([far, near], KEY, "train one fold 0") is near


def test_of_equals_the_same_label_comes_first_and_then_the_newest() -> None:
    old, new = (record(code={}, finished=f"2026-01-0{day}T00:00:00") for day in (1, 2))
    other = record("train two fold 0", code={}, finished="2026-01-03T00:00:00")
    assert nearest_record([other, old, new], KEY, "train one fold 0") is new
    assert nearest_record([other, old, new], KEY, "train two fold 0") is other


def test_records_of_other_steps_tell_nothing() -> None:
    assert nearest_record([record(step="predict")], KEY, "train one fold 0") is None


def test_records_of_other_competitions_tell_nothing() -> None:
    key = KEY._replace(inputs=INPUTS | {"competition": "dogs"})
    own, others = record(**changed(competition="dogs"), code={}), record(**changed(competition="cats"))
    assert nearest_record([others, own], key, "train one fold 0") is own
    assert nearest_record([others], key, "train one fold 0") is None


def test_of_a_dataset_the_part_that_changed_is_named() -> None:
    parts = [{"artifact": "test-1"}, {"artifact": "common-1"}]
    before = record(**changed(dataset=[{"artifact": "test-0"}, {"artifact": "common-1"}]))
    key = KEY._replace(inputs=INPUTS | {"dataset": parts})
    assert reasons(key, before) == ["dataset changed (test)"]
