"""Predict by a stored estimator."""

from typing import Any

import numpy as np

from tasks.core.errors import UserError
from tasks.core.jobs import PredictJob
from tasks.learning.estimators import reading
from tasks.learning.threads import one_thread


def scores(job: PredictJob, inputs: Any, class_count: int) -> np.ndarray:
    """(n, heads, k) float32 probabilities of records by a stored estimator.

    Columns are all classes, also those that no record of the training had.
    """
    (model,) = job.models
    estimator = reading.load(model)
    expected = getattr(estimator, "n_features_in_", None)
    if expected is not None and expected != inputs.shape[-1]:
        raise UserError(
            f"expected {expected} features of each record, as in the training, received {inputs.shape[-1]}; "
            "do the training and the test file have the same columns?"
        )
    with one_thread():
        probabilities = estimator.predict_proba(inputs)
    values = np.zeros((len(probabilities), class_count), np.float32)
    values[:, estimator.classes_] = probabilities
    return values[:, None]
