"""Trainings of scikit-learn: an estimator that is fitted at once, in place of a network trained by epochs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.jobs import TrainJob
from tasks.learning.estimators.writing import save
from tasks.learning.folds.rows import training_rows
from tasks.learning.seeds import derive
from tasks.learning.threads import one_thread


class EstimatorTraining(NamedTuple):
    """What `training.build` returns of a recipe that fits an estimator (`BaseRecipe.trains_network`)."""

    estimator: Any
    """One of scikit-learn with `predict_proba`, not fitted; a `Pipeline` too. Each `random_state` in it that
    is None is set from the seed of the training."""
    inputs: Any
    """(n, …) array, one row for each record that is fitted."""
    targets: np.ndarray
    """(n,) int64 classes."""
    save: Callable[[Any, Path], None] = save
    """(estimator, folder): write the fitted estimator; one that is not of scikit-learn in its own format."""


def fold_of(job: TrainJob, estimator: Any, inputs: Any, targets: np.ndarray) -> EstimatorTraining:
    """The training of one fold, given inputs and classes of all training records."""
    rows = training_rows(job)
    return EstimatorTraining(estimator, inputs[rows], targets[rows])


def fit_estimator(training: EstimatorTraining, seed: int, folder: Path) -> None:
    """Fit the estimator on one thread, and write it with `history.json`, which has no epochs."""
    estimator = seeded(training.estimator, seed)
    with one_thread():
        estimator.fit(training.inputs, training.targets)
    training.save(estimator, folder)
    (folder / "history.json").write_text(json.dumps([]), "utf-8")


def seeded(estimator: Any, seed: int) -> Any:
    """The estimator with a seed for each `random_state` that has none."""
    parameters = estimator.get_params()
    unset = [name for name in sorted(parameters) if name.split("__")[-1] == "random_state"]
    return estimator.set_params(**{name: derive(seed, name) for name in unset if parameters[name] is None})
