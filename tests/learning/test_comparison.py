"""A classifier that tells test records from training records: what it finds, and what it does not."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.metrics import roc_auc_score

from tasks.learning.comparison import FEWEST, AdversarialResult, adversarial, auc

SHIFT = 2.0


def points(count: int, columns: int = 8, *, seed: int, shift: float = 0.0) -> np.ndarray:
    """(count, columns) float32, normal; the first column is shifted."""
    drawn = np.random.default_rng(seed).normal(size=(count, columns))
    drawn[:, 0] += shift
    return drawn.astype(np.float32)


def words(count: int, *, seed: int, first: int = 0) -> csr_matrix:
    """(count, 4096) counts of five words a record, of the 300 words from `first` on."""
    drawn = first + np.random.default_rng(seed).integers(0, 300, (count, 5))
    rows = np.repeat(np.arange(count), 5)
    return csr_matrix((np.ones(rows.size, np.float32), (rows, drawn.ravel())), (count, 4096))


def compared(train: Any, test: Any, **options: Any) -> AdversarialResult:
    result = adversarial(train, test, seed=0, **options)
    assert result is not None
    return result


@pytest.mark.parametrize("drawn", [60, 100, 5000])
def test_a_shifted_test_is_told_apart(drawn: int) -> None:
    result = compared(points(400, seed=1), points(150, seed=2, shift=SHIFT), most=drawn)
    # 0.921 is what the best of all classifiers has: normal(SHIFT / √2)
    assert abs(result.auc - 0.921) < 3 * result.standard_error
    assert 0 < result.standard_error < 0.1


def test_a_strong_shift_has_an_auc_near_one() -> None:
    result = compared(points(400, seed=1), points(150, seed=2, shift=3))
    assert result.auc > 0.95
    assert result.probabilities.mean() > 0.85


def test_other_words_are_told_apart() -> None:
    assert compared(words(300, seed=1), words(300, seed=2, first=200)).auc > 0.9


@pytest.mark.parametrize("make", [points, words])
@pytest.mark.parametrize(("train", "test"), [(400, 150), (60, 60)])
def test_equal_distributions_have_half_within_the_error(make: Any, train: int, test: int) -> None:
    """The reported error is not too small: 30 pairs of parts stay within three, and most within one."""
    results = [compared(make(train, seed=2 * n), make(test, seed=2 * n + 1)) for n in range(30)]
    away = np.array([(result.auc - 0.5) / result.standard_error for result in results])
    assert (np.abs(away) < 3).all()
    assert 0.5 < np.std(away) < 1.35
    assert abs(away.mean()) < 3 / 30**0.5


@pytest.mark.parametrize("sparse", [False, True])
def test_the_most_unlike_are_the_planted_ones(sparse: bool) -> None:
    planted = np.arange(0, 300, 10)
    if sparse:
        train, test = words(400, seed=1), words(300, seed=2).tolil()
        test[np.ix_(planted, range(4000, 4006))] = 1  # words that training does not have
        test = test.tocsr()
    else:
        train, test = points(400, seed=1), points(300, seed=2)
        test[planted, 5] += 8
    result = compared(train, test)
    assert set(result.most_unlike(12).tolist()) <= set(planted.tolist())
    assert abs(result.auc - 0.5) < 0.12  # one of ten does not make a part look different


def test_planted_records_are_found_whether_they_were_drawn_or_not() -> None:
    train, test = points(300, seed=1), points(600, seed=2)
    test[::10, 5] += 8
    result = compared(train, test, most=300)
    assert result.compared == (300, 300)
    found = set(result.most_unlike(60).tolist())
    # half of the planted ones were drawn, so a model that only ranks these finds 30 at most
    assert len(found & set(range(0, 600, 10))) > 50


def test_the_most_unlike_come_first_and_equal_ones_by_row() -> None:
    result = AdversarialResult(0.5, 0.1, (4, 4), np.array([0.2, 0.9, 0.5, 0.9]))
    assert result.most_unlike(3).tolist() == [1, 3, 2]
    assert result.most_unlike(9).tolist() == [1, 3, 2, 0]


def test_each_test_record_has_a_probability() -> None:
    result = compared(points(50, seed=1), points(333, seed=2), most=100)
    assert result.probabilities.shape == (333,)
    assert ((result.probabilities > 0) & (result.probabilities < 1)).all()


def test_no_model_has_seen_the_record_it_gives_a_probability() -> None:
    """With more columns than records a model knows its own records, and would tell all apart."""
    result = compared(points(60, 300, seed=1), points(60, 300, seed=2))
    assert abs(result.auc - 0.5) < 3 * result.standard_error
    assert 0.3 < result.probabilities.mean() < 0.7


def test_sides_of_different_sizes_weigh_the_same() -> None:
    result = compared(points(2000, seed=1), points(100, seed=2))
    assert abs(result.probabilities.mean() - 0.5) < 0.1


def test_the_same_seed_gives_the_same_and_the_draw_depends_on_it() -> None:
    train, test = points(300, seed=1), points(300, seed=2, shift=0.5)
    first, again = (compared(train, test, most=100) for _ in range(2))
    other = adversarial(train, test, seed=1, most=100)
    assert other is not None
    assert first[:3] == again[:3]
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    assert first.auc != other.auc


@pytest.mark.parametrize("make", [lambda each: each, csr_matrix])
@pytest.mark.parametrize("columns", [1, 8, 100])
def test_identical_parts_have_exactly_half(make: Any, columns: int) -> None:
    train = points(200, columns, seed=1)
    test = np.random.default_rng(0).permutation(train)
    assert compared(make(train), make(test)).auc == pytest.approx(0.5, abs=1e-12)


def test_records_in_both_parts_hide_no_difference_and_make_none() -> None:
    train = points(300, seed=1)
    same = np.concatenate([train[:100], points(100, seed=2)])
    other = np.concatenate([train[:100], points(100, seed=2, shift=3)])
    result = compared(train, same)
    assert abs(result.auc - 0.5) < 3 * result.standard_error
    assert compared(train, other).auc > 0.7


def test_a_difference_of_few_values_is_seen() -> None:
    """Records with the same features are many here, and not kept out of the model as a whole."""
    train, test = (np.repeat([0.0, 1.0], counts)[:, None] for counts in ([150, 50], [50, 150]))
    # of pairs, 9/16 are in this order, 6/16 are equal, which count half
    assert compared(train, test).auc == pytest.approx(0.75, abs=0.01)


def test_the_order_of_a_sparse_row_decides_nothing() -> None:
    train = words(200, seed=1)
    test = train.copy()
    for start, end in pairwise(test.indptr):
        test.indices[start:end] = test.indices[start:end][::-1].copy()
        test.data[start:end] = test.data[start:end][::-1].copy()
    test.has_sorted_indices = False
    assert compared(train, test).auc == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("make", [lambda each: each, csr_matrix])
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_constant_features_tell_nothing(make: Any, value: float) -> None:
    result = compared(*(make(np.full((count, 3), value, np.float32)) for count in (40, 30)))
    assert (result.auc, result.standard_error) == (0.5, 0.0)
    np.testing.assert_allclose(result.probabilities, 0.5)


def test_a_constant_column_changes_nothing() -> None:
    train, test = points(200, 3, seed=1), points(100, 3, seed=2, shift=1)
    wider = [np.hstack([each, np.full((len(each), 1), 7, np.float32)]) for each in (train, test)]
    assert compared(*wider).auc == pytest.approx(compared(train, test).auc, abs=1e-3)


def test_the_scale_of_a_column_changes_nothing() -> None:
    train, test = points(200, 3, seed=1), points(100, 3, seed=2, shift=1)
    scale = np.array([1e-6, 1e6, 1], np.float32)
    assert compared(train * scale, test * scale).auc == pytest.approx(compared(train, test).auc, abs=1e-3)


def test_parts_without_a_common_point_have_one_and_no_error() -> None:
    result = compared(points(50, 1, seed=1), points(50, 1, seed=2, shift=40))
    assert (result.auc, result.standard_error) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("train", "test"), [(FEWEST - 1, 500), (500, FEWEST - 1), (0, 500), (500, 0), (1, 1)]
)
def test_too_few_records_of_a_side_have_no_result(train: int, test: int) -> None:
    assert adversarial(points(train, seed=1), points(test, seed=2), seed=0) is None


@pytest.mark.parametrize("folds", [2, 5, 10, 100])
def test_every_fold_has_records_of_both_sides(folds: int) -> None:
    result = compared(points(FEWEST, seed=1), points(FEWEST, seed=2, shift=3), folds=folds)
    assert result.auc > 0.9
    assert result.standard_error < 0.2


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (points(30, 3, seed=1), points(30, 4, seed=2), r"\(30, 3\).*\(30, 4\)"),
        (np.zeros((30, 0)), np.zeros((30, 0)), r"d > 0"),
        (np.zeros(30), np.zeros(30), r"\(30,\)"),
        (points(30, seed=1), points(30, seed=2) * np.nan, "test records: expected finite"),
        (csr_matrix(np.full((30, 2), np.inf)), csr_matrix((30, 2)), "training records: expected finite"),
    ],
)
def test_features_that_cannot_be_compared_are_an_error(train: Any, test: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adversarial(train, test, seed=0)


@pytest.mark.parametrize(("folds", "most"), [(1, 5000), (5, FEWEST - 1)])
def test_too_few_folds_or_drawn_records_are_an_error(folds: int, most: int) -> None:
    with pytest.raises(ValueError, match=f"received {folds} and {most}"):
        adversarial(points(30, seed=1), points(30, seed=2), seed=0, folds=folds, most=most)


@pytest.mark.parametrize("seed", range(10))
def test_area_and_variance_are_those_of_their_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    positive, negative = (random.normal(size=random.integers(3, 30)).round(1) for _ in range(2))
    found = auc(positive, negative)
    truth = np.repeat([1, 0], [len(positive), len(negative)])
    assert found.value == pytest.approx(roc_auc_score(truth, np.concatenate([positive, negative])))
    difference = positive[:, None] - negative[None]
    wins = (difference > 0) + 0.5 * (difference == 0)
    variance = wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative)
    assert found.variance == pytest.approx(variance)
    assert found.pairs == wins.size


def test_the_variance_is_that_of_repeated_draws() -> None:
    random = np.random.default_rng(0)
    drawn = [auc(random.normal(1, 1, 40), random.normal(0, 1, 60)) for _ in range(1000)]
    assert np.mean([each.variance for each in drawn]) == pytest.approx(
        np.var([each.value for each in drawn]), rel=0.15
    )
