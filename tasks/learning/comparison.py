"""Whether test records look like training records: a classifier that learns to tell them apart.

Where it cannot, its area under the ROC curve (AUC) is about 0.5, and scores on held-out training records are
an estimate of those on test records. Where it can, the two differ in what the features tell.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tasks.learning.seeds import derive, generator

FEWEST = 20
"""Records that either side must have; with fewer the standard error is so large that the AUC says nothing."""


class AdversarialResult(NamedTuple):
    """How well a classifier tells test records from training records that it has not seen."""

    auc: float
    """The probability that a test record gets a higher probability than a training record."""
    standard_error: float
    compared: tuple[int, int]
    """Training and test records that were drawn to be compared."""
    probabilities: np.ndarray
    """(n,) float64 of all n test records: the probability of being a test record, given by a model that has
    not seen the record, as if both sides had equally many records."""

    def most_unlike(self, count: int) -> np.ndarray:
        """(count,) int64: rows of the test records most unlike the training records, these first."""
        return np.argsort(-self.probabilities, kind="stable")[:count]


def adversarial(
    train: Any, test: Any, *, seed: int, folds: int = 5, most: int = 5000
) -> AdversarialResult | None:
    """Cross-validate a logistic regression that tells test records from training records.

    Only records of the same fold are compared, since each fold has a model of its own. The records of a fold
    are drawn singly: where records come in groups, such as the questions on a table, it is enough for an AUC
    above 0.5 that the groups of the two sides are different ones.

    Args:
        train: (n, d) array of numbers, or scipy's CSR matrix.
        test: the same of the test records.
        folds: fewer are used where these would hold fewer than two records of a side.
        most: records that are drawn of either side.

    Returns:
        None if a side has fewer than `FEWEST` records.

    Raises:
        ValueError: the columns differ in number, there are none, or a feature is not a finite number.
    """
    _raise_if_unusable(train, test)
    if folds < 2:
        raise ValueError(f"folds: expected at least 2, received {folds}")
    if min(train.shape[0], test.shape[0]) < FEWEST:
        return None
    first, second = _drawn(train.shape[0], most, seed, "train"), _drawn(test.shape[0], most, seed, "test")
    features = _stacked(train[first], test[second])
    is_test = np.repeat([False, True], [len(first), len(second)])
    folds = min(folds, len(first) // 2, len(second) // 2)
    undrawn = np.setdiff1d(np.arange(test.shape[0]), second)
    probabilities = np.empty(test.shape[0])
    aucs = []
    for fold, (fitted, held_out) in enumerate(_divisions(is_test, folds, seed)):
        model = _model(features).fit(features[fitted], is_test[fitted])
        given, truth = model.predict_proba(features[held_out])[:, 1], is_test[held_out]
        aucs.append(auc(given[truth], given[~truth]))
        probabilities[second[held_out[truth] - len(first)]] = given[truth]
        if len(rest := undrawn[fold::folds]):
            probabilities[rest] = model.predict_proba(test[rest])[:, 1]
    return AdversarialResult(*_mean_auc(aucs), (len(first), len(second)), probabilities)


class Auc(NamedTuple):
    """An area under the ROC curve."""

    value: float
    variance: float
    pairs: int
    """Pairs of records that were compared."""


def auc(positive: np.ndarray, negative: np.ndarray) -> Auc:
    """How often one of the positive scores is above one of the negative; equal ones count half.

    The variance is that of DeLong, DeLong, Clarke-Pearson (Biometrics 44, 1988), computed from ranks as by
    Sun, Xu (IEEE Signal Processing Letters 21, 2014). It is 0 if all pairs come out alike.

    >>> auc(np.array([0.9, 0.4]), np.array([0.5, 0.1])).value
    0.75
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[: len(positive)] - rankdata(positive)) / len(negative)
    below = 1 - (ranks[len(positive) :] - rankdata(negative)) / len(positive)
    variance = np.var(above, ddof=1) / len(positive) + np.var(below, ddof=1) / len(negative)
    return Auc(float(above.mean()), float(variance), len(positive) * len(negative))


def _mean_auc(folds: list[Auc]) -> tuple[float, float]:
    """The mean over folds, weighted by pairs, and its standard error.

    The AUCs of two folds correlate, because each fold's model learns from the other's records. Where there is
    nothing to learn, the difference of two folds' records so counts twice, which doubles the variance of the
    mean; the better the model, the less. No estimate of the variance is right for both (Bengio, Grandvalet:
    No Unbiased Estimator of the Variance of K-Fold Cross-Validation, JMLR 5, 2004). It is doubled always, so
    that an AUC of equal sides is not taken for a difference.
    """
    shares = np.array([fold.pairs for fold in folds]) / sum(fold.pairs for fold in folds)
    value = float(shares @ [fold.value for fold in folds])
    variance = 2 * float(shares**2 @ [fold.variance for fold in folds])
    return value, variance**0.5


def _raise_if_unusable(train: Any, test: Any) -> None:
    if train.ndim != 2 or test.ndim != 2 or train.shape[1] != test.shape[1] or not train.shape[1]:
        raise ValueError(
            f"features: expected (n, d) of equal d > 0, received {train.shape} of training records and "
            f"{test.shape} of test records"
        )
    for side, features in (("training", train), ("test", test)):
        values = features.data if _is_sparse(features) else features
        if not np.isfinite(values).all():
            raise ValueError(f"features of {side} records: expected finite numbers, received others")


def _is_sparse(features: Any) -> bool:
    from scipy.sparse import issparse

    return bool(issparse(features))


def _drawn(count: int, most: int, seed: int, side: str) -> np.ndarray:
    """(at most `most`,) rows of a side, drawn, in ascending order."""
    if count <= most:
        return np.arange(count)
    return np.sort(generator(seed, "comparison", side).permutation(count)[:most])


def _stacked(train: Any, test: Any) -> Any:
    """The features of both sides: float64 (n, d), or CSR."""
    from scipy.sparse import vstack

    if _is_sparse(train):
        return vstack([train, test], format="csr", dtype=np.float64)
    return np.concatenate([train, test]).astype(np.float64)


def _divisions(is_test: np.ndarray, folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit on and held-out rows of each fold; all folds have the same share of either side."""
    from sklearn.model_selection import StratifiedKFold

    division = StratifiedKFold(folds, shuffle=True, random_state=derive(seed, "comparison", "folds"))
    yield from division.split(np.zeros(len(is_test)), is_test)


def _model(features: Any) -> Any:
    """A logistic regression to which both sides weigh the same, on columns brought to one scale.

    Columns of sparse features, which are counts of rare things, are divided by their largest value: divided
    by their standard deviation, the rarest would be the largest.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    scaler = MaxAbsScaler() if _is_sparse(features) else StandardScaler()
    return make_pipeline(scaler, LogisticRegression(class_weight="balanced", max_iter=2000))
