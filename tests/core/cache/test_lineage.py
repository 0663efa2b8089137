from typing import Any

from tasks.core.cache.lineage import Lineage, input_artifacts


def record(
    step: str, result: str, *, finished: str = "2026-01-01T00:00:00+00:00", **inputs: Any
) -> dict[str, Any]:
    kind, _, digest = result.partition("-")
    return {
        "key": f"{step}-{result}-{finished}",
        "step": step,
        "label": f"{step} it",
        "inputs": inputs,
        "result": {"kind": kind, "digest": digest},
        "finished": finished,
    }


def given(name: str) -> dict[str, str]:
    return {"artifact": name}


RECORDS = [
    record(
        "gather", "member-3", held_out=[given("scores-2"), given("scores-2b")], dataset=given("dataset-0")
    ),
    record("predict", "scores-2", models=[given("model-1")], recipe={"name": "small"}),
    record("predict", "scores-2b", models=[given("model-1")]),
    record("train", "model-1", dataset=given("dataset-0"), start=None),
    record("load", "dataset-0", data={"root": {"contents": "abc"}}),
    record("train", "model-other", dataset=given("dataset-0")),
]


def test_everything_behind_an_artifact_comes_once_and_after_what_it_rests_on() -> None:
    found = Lineage(RECORDS).ancestors("member-3")
    assert [each["step"] for each in found] == ["load", "train", "predict", "predict", "gather"]


def test_what_the_store_no_longer_knows_is_left_out() -> None:
    lineage = Lineage(each for each in RECORDS if each["step"] != "train")
    assert [each["step"] for each in lineage.ancestors("member-3")] == [
        "predict",
        "predict",
        "load",
        "gather",
    ]
    assert lineage.ancestors("model-1") == []


def test_of_steps_with_one_result_the_newest_is_told() -> None:
    newer = record("gather", "member-3", finished="2026-02-01T00:00:00+00:00")
    for records in ([newer, *RECORDS], [*RECORDS, newer]):
        assert Lineage(records).record("member-3") == newer


def test_a_step_that_changed_nothing_is_followed_once() -> None:
    """It made the artifact that it was given."""
    same = [
        record("predict", "scores-1", models=[given("model-1")]),
        record("mean", "scores-1", of=given("scores-1")),
    ]
    for records in (same, same[::-1]):
        assert len(Lineage(records).ancestors("scores-1")) == 1


def test_artifacts_are_found_wherever_inputs_name_them() -> None:
    inputs = {"a": given("x-1"), "b": [given("x-2"), {"c": given("x-3")}], "d": "x-4", "e": None}
    assert list(input_artifacts(inputs)) == ["x-1", "x-2", "x-3"]
