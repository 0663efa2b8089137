"""Whether test records look like training records: a classifier that learns to tell them apart.

Where it cannot, its area under the ROC curve (AUC) is about 0.5, and scores on held-out training records are
an estimate of those on test records. Where it can, the two differ in what the features tell.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tasks.learning.seeds import generator

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
        folds: fewer are used where these would hold fewer than three records of a side.
        most: records that are drawn of either side.

    Returns:
        None if a side has fewer than `FEWEST` records.

    Raises:
        ValueError: the columns differ in number, there are none, or a feature is not a finite number; or
            `folds` or `most` is too small.
    """
    _raise_if_unusable(train, test)
    if folds < 2 or most < FEWEST:
        raise ValueError(f"expected folds >= 2 and most >= {FEWEST}, received {folds} and {most}")
    if min(train.shape[0], test.shape[0]) < FEWEST:
        return None
    first, second = _drawn(train.shape[0], most, seed, "train"), _drawn(test.shape[0], most, seed, "test")
    folds = min(folds, len(first) // 3, len(second) // 3)
    features, others = _comparable(train[first]), _comparable(test[second])
    fold_of_first, fold_of_second = _fold_numbers(features, others, folds, seed)
    undrawn = np.setdiff1d(np.arange(test.shape[0]), second)
    probabilities = np.empty(test.shape[0])
    aucs = []
    for fold in range(folds):
        model = _fitted(features[fold_of_first != fold], others[fold_of_second != fold])
        held_out = second[fold_of_second == fold]
        probabilities[held_out] = _probabilities(model, test[held_out])
        aucs.append(auc(probabilities[held_out], _probabilities(model, features[fold_of_first == fold])))
        if len(rest := undrawn[fold::folds]):
            probabilities[rest] = _probabilities(model, test[rest])
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


def _comparable(features: Any) -> Any:
    """Features as float64 (n, d), or as CSR in which equal rows are stored alike."""
    from scipy.sparse import csr_matrix

    if not _is_sparse(features):
        return np.asarray(features, np.float64)
    sparse = csr_matrix(features, dtype=np.float64, copy=True)
    sparse.sum_duplicates()
    sparse.eliminate_zeros()
    return sparse


def _fold_numbers(train: Any, test: Any, folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The fold of each training and of each test record, drawn; all folds have the same share of either side.

    A training record and a test record with the same features are in the same fold. Apart, either would teach
    the model of the other's fold the wrong answer: of equal sides the AUC would be far below 0.5.
    """
    pairs = _equal(train, test)
    numbers = np.empty(train.shape[0], np.int64), np.empty(test.shape[0], np.int64)
    random = generator(seed, "comparison", "folds")
    dealt = random.permutation(np.arange(len(pairs)) % folds)
    for side, rows in zip(numbers, pairs.T, strict=True):
        rest = np.setdiff1d(np.arange(len(side)), rows)
        side[rows], side[rest] = dealt, random.permutation(np.arange(len(rest)) % folds)
    return numbers


def _equal(train: Any, test: Any) -> np.ndarray:
    """(pairs, 2) int64: rows of training and test records with the same features; no row is in two pairs."""
    unpaired: dict[bytes, list[int]] = {}
    for row, key in enumerate(_keys(train)):
        unpaired.setdefault(key, []).append(row)
    pairs = [(rows.pop(0), row) for row, key in enumerate(_keys(test)) if (rows := unpaired.get(key))]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _keys(features: Any) -> list[bytes]:
    """The bytes of each record's features, equal for equal ones."""
    if not _is_sparse(features):
        return [row.tobytes() for row in features]
    starts, places, values = features.indptr, features.indices, features.data
    spans = [slice(*span) for span in pairwise(starts)]
    return [places[span].tobytes() + values[span].tobytes() for span in spans]


def _fitted(train: Any, test: Any) -> Any:
    """A logistic regression to which both sides weigh the same, on columns brought to one scale.

    Columns of sparse features, which are counts of rare things, are divided by their largest value: divided
    by their standard deviation, the rarest would be the largest.
    """
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    scaler = MaxAbsScaler() if _is_sparse(train) else StandardScaler()
    features = vstack([train, test], format="csr") if _is_sparse(train) else np.concatenate([train, test])
    is_test = np.repeat([False, True], [train.shape[0], test.shape[0]])
    model = make_pipeline(scaler, LogisticRegression(class_weight="balanced", max_iter=2000))
    return model.fit(features, is_test)


def _probabilities(model: Any, features: Any) -> np.ndarray:
    """(n,) float64: the model's probabilities that these are test records."""
    return np.asarray(model.predict_proba(_comparable(features))[:, 1])
