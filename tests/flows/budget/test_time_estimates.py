"""Estimates of how long a step takes: from similar steps only."""

import json
import os
from typing import Any

import pytest

from flows.budget.time_estimates import Estimates
from tasks.core.cache.keys import Key
from tasks.core.cache.store import Artifact, Store
from tasks.core.execution.working_time import add_working_time
from tests.core.stored_records import line_of

RECIPE = {"rate": "0.1", "width": 8, "stages": [{"epochs": 10}]}
WIDER = RECIPE | {"width": 9}
UNLIKE = RECIPE | {f"setting {number}": number for number in range(7)}


def dataset(records: int) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "records").write_bytes(b"x" * records)
        return store.keep("dataset", folder)


def key(step: str = "train", *, records: int = 100, **changes: Any) -> Key:
    inputs = {
        "competition": "toy",
        "recipe": RECIPE,
        "dataset": {"artifact": dataset(records).name},
        "views": [{"artifact": "view-1"}],
        "fold": 0,
        "seed": 0,
        **changes,
    }
    return Key(step, inputs, {}, {})


def record(seconds: float, of: Key, *, worked: float | None = None) -> dict[str, Any]:
    return {**of._asdict(), "seconds": seconds, "worked": worked}


CASES: list[tuple[str, list[tuple[float, dict[str, Any]]], float | None]] = [
    ("nothing ran", [], None),
    ("the same", [(40, {})], 40),
    ("another fold", [(40, {"fold": 1, "seed": 1})], 40),
    ("another artifact", [(40, {"views": [{"artifact": "view-2"}]})], 40),
    ("a setting differs", [(40, {"recipe": WIDER})], 40),
    ("the nearest counts", [(40, {"recipe": WIDER}), (20, {})], 20),
    ("the middle of equals", [(10, {}), (12, {"fold": 1}), (90, {"fold": 2})], 12),
    ("too many settings differ", [(40, {"recipe": UNLIKE})], None),
    ("more artifacts", [(40, {"views": [{"artifact": "view-1"}] * 9})], None),
    ("another competition", [(40, {"competition": "dogs"})], None),
    ("another step", [(40, {"step": "predict"})], None),
    ("half of the epochs", [(40, {"recipe": RECIPE | {"stages": [{"epochs": 5}]}})], 80),
    ("a tenth of the data", [(40, {"records": 10})], 400),
    ("another part", [(40, {"part": "held_out"})], None),
]


@pytest.mark.parametrize(("what", "ran", "expected"), CASES, ids=[case[0] for case in CASES])
def test_steps_like_it_tell(
    what: str, ran: list[tuple[float, dict[str, Any]]], expected: float | None
) -> None:
    records = [record(seconds, key(**changes)) for seconds, changes in ran]
    assert Estimates(Store.current(), records).seconds(key()) == expected


def test_what_worked_counts_before_what_also_waited() -> None:
    records = [record(90, key(), worked=30), record(10, key(fold=1))]
    assert Estimates(Store.current(), records).seconds(key()) == 30


def test_data_that_are_gone_tell_nothing() -> None:
    before = record(40, key(records=10))
    Store.current().remove(dataset(10))
    assert Estimates(Store.current(), [before]).seconds(key()) is None


def test_all_parts_that_a_step_reads_count() -> None:
    def prediction(*records: int) -> Key:
        return key("predict", dataset=[{"artifact": dataset(count).name} for count in records])

    estimates = Estimates(Store.current(), [record(40, prediction(50, 10))])
    assert estimates.seconds(prediction(110, 10)) == 80
    whole = key("blend", dataset=None, train={"artifact": dataset(100).name})
    half = key("blend", dataset=None, train={"artifact": dataset(50).name})
    assert Estimates(Store.current(), [record(40, half)]).seconds(whole) == 80
    Store.current().remove(dataset(10))
    assert estimates.seconds(prediction(110, 20)) is None


def test_models_that_predict_together_count() -> None:
    def prediction(models: int) -> Key:
        return key("predict", part="test", models=[{"artifact": f"model-{each}"} for each in range(models)])

    estimates = Estimates(Store.current(), [record(40, prediction(2))])
    assert estimates.seconds(prediction(2)) == 40
    assert estimates.seconds(prediction(20)) == 400
    both = Estimates(
        Store.current(), [record(40, prediction(2)), record(40, prediction(2)), record(50, prediction(6))]
    )
    assert both.seconds(prediction(6)) == 50  # the same number tells more than any other


def test_steps_that_one_seed_does_not_have_take_as_long_as_those_like_them() -> None:
    average = Key("average", {"predictions": [{"artifact": "scores-1"}], "part": "test"}, {}, {})
    mean = Key("mean", {"predictions": [{"artifact": "scores-2"}] * 3, "part": "held_out"}, {}, {})
    assert Estimates(Store.current(), [record(2, average)]).seconds(mean) == 2
    assert Estimates(Store.current(), []).seconds(mean) is None
    both = Estimates(Store.current(), [record(2, average), record(6, mean)])
    more = mean._replace(inputs={**mean.inputs, "predictions": [{"artifact": "scores-2"}] * 5})
    assert both.seconds(more) == 10


def test_earlier_attempts_count() -> None:
    store = Store.current()
    for _ in range(2):
        with add_working_time(store.partial(key().digest)):
            pass
    file = store.partial(key().digest) / "worked.json"
    file.write_text(json.dumps({"seconds": 12.5}))
    with pytest.raises(ZeroDivisionError), add_working_time(store.partial(key().digest)):
        raise ZeroDivisionError
    estimates = Estimates(store, [])
    assert 12.5 <= estimates.earlier_seconds(key()) < 13
    assert estimates.earlier_seconds(key(fold=1)) == 0


def test_a_step_without_records_is_told_by_the_newest_run() -> None:
    store = Store.current()
    for run, seconds in (("old", 3.0), ("new", 4.0)):
        store.note(run, line_of("report", label="report toy", seconds=seconds))
    os.utime(store.root / "runs" / "old.jsonl", (1, 1))
    estimates = Estimates(store, [])
    assert estimates.last_run("report toy") == 4.0
    assert estimates.last_run("submit toy") is None
