"""Step `evaluate`: the score of one fold's held-out records, found by their ids."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Score, Scores
from tasks.learning.ensemble import prediction_files


@pytest.fixture
def config(toy: Path, tmp_path: Path) -> Any:
    from tasks.toy.config import Config
    from tests.toy import past

    return Config.model_validate({"data": {"root": str(past.root(tmp_path / "points"))}})


def predictions(ids: list[str], values: np.ndarray) -> Artifact:
    """An artifact like that of `predict`."""
    store = Store.current()
    with store.new_folder() as folder:
        prediction_files.write(folder, "held_out", Scores(ids, values.astype(np.float32)))
        return store.keep("scores", folder)


def evaluated(config: Any, rows: list[int], values: np.ndarray) -> Score:
    from tasks.evaluate import evaluate
    from tests.toy import past

    dataset, folds = past.grounds(config)
    ids = json.loads((folds.path / "ids.json").read_text())
    given = predictions([ids[row] for row in rows], values)
    bound = evaluate.bind("toy", "layer", dataset, folds, [given], of="fold 0")
    artifact = evaluate.execute(bound).result
    assert artifact.kind == "evaluation"
    return Score(**json.loads((artifact.path / "score.json").read_text()))


def truth(config: Any) -> np.ndarray:
    from tasks.toy import dataset as files
    from tests.toy import past

    targets: np.ndarray = files.targets(past.grounds(config)[0].path)
    return targets


def test_records_are_scored_in_whatever_order_they_come(config: Any) -> None:
    rows = [7, 2, 5, 0]
    right = np.eye(2)[truth(config)[rows]]
    right[1] = right[1][::-1]
    assert evaluated(config, rows, right[:, None]) == Score("accuracy", 0.75, (0.75 * 0.25 / 4) ** 0.5)


def test_of_two_heads_the_better_share_is_scored(config: Any) -> None:
    rows = [0, 1, 2, 3]
    right = np.eye(2)[truth(config)[rows]]
    assert evaluated(config, rows, np.stack([right[:, ::-1], right], axis=1)).value == 1.0


def test_the_name_of_a_fold_changes_no_key(config: Any) -> None:
    from tasks.evaluate import evaluate
    from tests.toy import past

    dataset, folds = past.grounds(config)
    given = predictions(["p0"], np.ones((1, 1, 2)))
    keys = {
        evaluate.key(evaluate.bind("toy", name, dataset, folds, [given], of=of), Store.current()).digest
        for name, of in (("a", "fold 0"), ("b", "fold 1"))
    }
    assert len(keys) == 1
