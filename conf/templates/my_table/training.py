"""The training of one fold: an estimator of scikit-learn, fitted on the records of the other folds.

To fill in: `estimator`, with any estimator or pipeline that has `predict_proba`. It is stored without
pickle and seeded from the run's seed. `EstimatorTraining(…, save=…)` stores one that is not of scikit-
learn.
"""

from typing import Any

from tasks.core.jobs import TrainJob
from tasks.learning.estimators.fit import EstimatorTraining, fold_of
from tasks.my_table import dataset, encode
from tasks.my_table.config import Estimator, Recipe


def build(job: TrainJob) -> EstimatorTraining:
    """The training of one fold, given inputs and classes of all training records."""
    settings = Recipe.model_validate(job.settings).estimator
    return fold_of(job, estimator(settings), encode.read(job, "train"), dataset.targets(job.dataset))


def estimator(settings: Estimator) -> Any:
    """The estimator, not fitted; each `random_state` that is None is set from the run's seed."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if settings.kind == "boosting":
        return HistGradientBoostingClassifier(
            learning_rate=settings.learning_rate, max_iter=settings.count, early_stopping=False
        )
    if settings.kind == "forest":
        return make_pipeline(SimpleImputer(), RandomForestClassifier(settings.count))
    linear = LogisticRegression(C=settings.inverse_penalty, max_iter=1000)
    return make_pipeline(SimpleImputer(), StandardScaler(), linear)
