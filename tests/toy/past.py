"""Members of the toy as earlier runs would have left them in the store, with scores made up."""

import json
from pathlib import Path

import numpy as np

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Scores
from tasks.core.step import Step, StepOutcome
from tasks.gather import gather
from tasks.learning.ensemble import prediction_files
from tasks.load import load
from tasks.split import split
from tasks.toy import dataset as files
from tasks.toy.config import Config


def grounds(config: Config) -> tuple[Artifact, Artifact]:
    """The dataset and its folds."""
    dataset = result(load, "toy", config.data)
    return dataset, result(split, "toy", dataset, config.folds)


def result(step: Step, *arguments: object) -> Artifact:
    outcome: StepOutcome = step.execute(step.bind(*arguments))
    artifact: Artifact = outcome.result
    return artifact


def member(config: Config, name: str, *, wrong: float, seed: int, right_on: int | None = None) -> Artifact:
    """A member that errs on a share of the records, drawn by the seed; of one half of them, always right."""
    dataset, folds = grounds(config)
    truth, random = files.targets(dataset.path), np.random.default_rng(seed)
    errs = random.random(len(truth)) < wrong
    if right_on is not None:
        errs &= np.arange(len(truth)) % 2 != right_on
    # surer where it is right, so that members which err on different records are better together
    odds = np.where(errs, 0.4, 0.9) + random.normal(0, 0.01, len(truth))
    values = np.stack([np.where(truth == side, odds, 1 - odds) for side in (0, 1)], axis=1)
    return kept(name, dataset, folds, values)


def kept(name: str, dataset: Artifact, folds: Artifact, values: np.ndarray) -> Artifact:
    """What step `gather` makes of these (n, 2) values."""
    ids: list[str] = json.loads((folds.path / "ids.json").read_text())
    assigned = np.load(folds.path / "folds.npy")
    scores = [_scores(dataset, ids, values, np.flatnonzero(assigned == fold)) for fold in np.unique(assigned)]
    return result(gather, "toy", name, dataset, folds, scores, scores)


def _scores(dataset: Artifact, ids: list[str], values: np.ndarray, rows: np.ndarray) -> Artifact:
    store, test = Store.current(), files.ids(dataset.path, "test")
    with store.new_folder() as folder:
        held_out = values[rows, None].astype(np.float32)
        prediction_files.write(folder, "held_out", Scores([ids[row] for row in rows], held_out))
        prediction_files.write(folder, "test", Scores(test, held_out[: len(test)]))
        return store.keep("scores", folder)


def root(folder: Path) -> Path:
    """Raw files with points enough for scores to tell members apart."""
    from tests.toy import raw_files

    return raw_files.write(folder, 202)
