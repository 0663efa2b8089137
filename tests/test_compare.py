"""Step `compare`: how test records differ from training records, and which of them recur."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.dataset import PartFolders, notes


def points(count: int, *, seed: int, to: float = 0.0) -> dict[str, dict[str, Any]]:
    """Points around `to`, by id."""
    places = np.random.default_rng(seed).normal(to, 1, count)
    return {f"{seed}-{index:03}": {"at": float(place)} for index, place in enumerate(places)}


def compared(root: Path, train: dict[str, Any], test: dict[str, Any]) -> Artifact:
    """What the step makes of these points, loaded by part."""
    from tasks.compare import compare
    from tasks.core.competition import find
    from tasks.toy.config import Data

    labelled = {id: {**point, "label": int(point["at"] > 0)} for id, point in train.items()}
    (root / "train.json").write_text(json.dumps(labelled))
    (root / "test.json").write_text(json.dumps(test))
    store, parts = Store.current(), []
    for part in ("train", "test"):
        with store.new_folder() as folder:
            find("toy").load(Data(root=str(root)), part, folder)
            parts.append(store.keep(part, folder))
    artifact: Artifact = compare.execute(compare.bind("toy", parts)).result
    assert artifact.kind == "comparison"
    return artifact


def read(artifact: Artifact) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((artifact.path / "comparison.json").read_text("utf-8"))
    return content


def test_points_at_other_places_are_told_apart(toy: Path) -> None:
    found = read(compared(toy, points(200, seed=1), points(100, seed=2, to=3)))
    assert found["auc"] > 0.9
    assert found["compared"] == {"train": 200, "test": 100}


def test_points_at_the_same_places_are_not(toy: Path) -> None:
    found = read(compared(toy, points(200, seed=1), points(100, seed=2)))
    assert abs(found["auc"] - 0.5) < 3 * found["standard_error"]


def test_the_most_unlike_are_named_by_row_and_id(toy: Path) -> None:
    test = points(100, seed=2)
    far = {"2-017": 9.5, "2-060": 9.0, "2-099": 10.0}
    artifact = compared(toy, points(200, seed=1), test | {id: {"at": place} for id, place in far.items()})
    unlike = read(artifact)["most_unlike"]
    assert {(each["row"], each["id"]) for each in unlike[:3]} == {(17, "2-017"), (60, "2-060"), (99, "2-099")}
    probabilities = [each["probability"] for each in unlike]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(unlike) == 12


def test_points_that_recur_are_noted(toy: Path) -> None:
    train = points(30, seed=1)
    twins = {"twin": train["1-003"], "other": train["1-005"]}
    artifact = compared(toy, train, points(30, seed=2) | twins)
    merged = notes(PartFolders.of(artifact.path), ["overlap"])
    assert merged["counts"] == {}
    assert [note["count"] for note in merged["notes"]] == [2]


def test_too_few_points_are_not_compared(toy: Path) -> None:
    found = read(compared(toy, points(10, seed=1), points(2, seed=2)))
    assert found == {
        "auc": None,
        "standard_error": None,
        "compared": {"train": 10, "test": 2},
        "most_unlike": [],
    }


def test_the_same_points_give_the_same_artifact(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = points(200, seed=1), points(100, seed=2)
    first = compared(toy, *parts)
    monkeypatch.setenv("PODIUM_STORE", str(toy / "another store"))
    assert compared(toy, *parts).digest == first.digest


def test_the_key_rests_on_the_comparison_and_on_no_training(toy: Path) -> None:
    from tasks.compare import compare

    compared(toy, points(30, seed=1), points(30, seed=2))
    code = compare.key(compare.bind("toy", []), Store.current()).code
    assert {"tasks.toy.comparison", "tasks.toy.overlap", "tasks.learning.comparison"} <= code.keys()
    assert not {"tasks.toy.training", "tasks.toy.metric", "tasks.toy.predict"} & code.keys()
