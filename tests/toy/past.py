"""Members of the toy as earlier runs would have left them in the store, with scores made up."""

import json
from pathlib import Path

import numpy as np

from tasks.average import average
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
    """The training part and its folds."""
    train = result(load, "toy", config.data.of_part("train"), part="train")
    return train, result(split, "toy", train, config.folds)


def result(step: Step, *arguments: object, **keywords: object) -> Artifact:
    outcome: StepOutcome = step.execute(step.bind(*arguments, **keywords))
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
    return kept(config, name, dataset, folds, values)


def kept(config: Config, name: str, dataset: Artifact, folds: Artifact, values: np.ndarray) -> Artifact:
    """What steps `gather` and `average` make of these (n, 2) values; the first is returned."""
    ids: list[str] = json.loads((folds.path / "ids.json").read_text())
    assigned = np.load(folds.path / "folds.npy")
    held_out = [_held_out(ids, values, np.flatnonzero(assigned == fold)) for fold in np.unique(assigned)]
    member = result(gather, "toy", name, dataset, folds, held_out)
    result(average, name, member, [_test(config, values)], part="test")
    return member


def _held_out(ids: list[str], values: np.ndarray, rows: np.ndarray) -> Artifact:
    with (store := Store.current()).new_folder() as folder:
        scores = Scores([ids[row] for row in rows], values[rows, None].astype(np.float32))
        prediction_files.write(folder, "held_out", scores)
        return store.keep("scores", folder)


def _test(config: Config, values: np.ndarray) -> Artifact:
    test = result(load, "toy", config.data.of_part("test"), part="test")
    ids = files.ids(test.path, "test")
    with (store := Store.current()).new_folder() as folder:
        prediction_files.write(folder, "test", Scores(ids, values[: len(ids), None].astype(np.float32)))
        return store.keep("scores", folder)


def root(folder: Path) -> Path:
    """Raw files with points enough for scores to tell members apart."""
    from tests.toy import raw_files

    return raw_files.write(folder, 202)
