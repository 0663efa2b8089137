"""The training of one fold: an estimator of scikit-learn, fitted on the records of the other folds.

To fill in: `estimator`, with any estimator or pipeline that has `predict_proba`. It is stored without
pickle and seeded from the run's seed. `EstimatorTraining(…, save=…)` stores one that is not of scikit-
learn.
"""

from typing import Any

from tasks.core.jobs import TrainJob
from tasks.learning.estimators.fit import EstimatorTraining, fold_of
from tasks.my_texts import dataset, encode
from tasks.my_texts.config import Estimator, Recipe


def build(job: TrainJob) -> EstimatorTraining:
    """The training of one fold, given inputs and classes of all training records."""
    settings = Recipe.model_validate(job.settings).estimator
    return fold_of(job, estimator(settings), encode.read(job, "train"), dataset.targets(job.dataset))


def estimator(settings: Estimator) -> Any:
    """The estimator, not fitted; it reads texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    counts = TfidfVectorizer(
        analyzer=settings.analyzer,
        ngram_range=(1, settings.longest),
        max_features=settings.most_ngrams,
        sublinear_tf=True,
        lowercase=False,
    )
    linear = LogisticRegression(C=settings.inverse_penalty, max_iter=1000)
    return make_pipeline(counts, linear if settings.kind == "linear" else MultinomialNB())
