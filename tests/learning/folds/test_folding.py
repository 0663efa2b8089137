from types import SimpleNamespace

import numpy as np
import pytest

from tasks.core.competition import FoldKey
from tasks.core.config import Folds
from tasks.core.errors import InvalidSettings
from tasks.learning.folds.folding import assign_folds
from tasks.split import split


def grouped(*, classes: int, each: int, group_size: int) -> tuple[np.ndarray, np.ndarray]:
    strata = np.repeat(np.arange(classes), each)
    return strata, np.arange(len(strata)) // group_size


@pytest.mark.parametrize(("group_size", "count"), [(1, 2), (1, 5), (2, 3), (3, 4)])
def test_every_record_is_held_out_exactly_once(group_size, count):
    strata, groups = grouped(classes=4, each=24, group_size=group_size)
    folds = assign_folds(strata, groups, count=count, seed=0)
    assert set(folds.tolist()) == set(range(count))
    assert folds.shape == strata.shape


def test_groups_never_part():
    strata, groups = grouped(classes=3, each=30, group_size=3)
    folds = assign_folds(strata, groups, count=5, seed=1)
    assert all(len(set(folds[groups == group].tolist())) == 1 for group in np.unique(groups))


def test_groups_across_classes_never_part():
    strata = np.tile([0, 1], 20)
    groups = np.arange(40) // 2  # each holds both classes
    folds = assign_folds(strata, groups, count=4, seed=0)
    assert (folds[::2] == folds[1::2]).all()


@pytest.mark.parametrize("group_size", [1, 2])
def test_each_fold_has_its_share_of_each_class(group_size):
    strata, groups = grouped(classes=5, each=20, group_size=group_size)
    folds = assign_folds(strata, groups, count=5, seed=0)
    table = [[int(((folds == fold) & (strata == each)).sum()) for each in range(5)] for fold in range(5)]
    assert np.abs(np.array(table) - 4).max() <= (0 if group_size == 1 else 2)


def test_folds_are_a_function_of_the_seed():
    strata, groups = grouped(classes=4, each=20, group_size=1)
    first, again, other = (assign_folds(strata, groups, count=4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("strata", "groups", "reason"),
    [
        ([0, 0, 0, 1], [0, 1, 2, 3], "at most 1, the records of the smallest class; received 2"),
        ([0, 0, 0, 0], [7, 7, 7, 7], "at most 1, the groups of records that stay together, as questions"),
    ],
)
def test_more_folds_than_the_records_allow_are_refused(strata, groups, reason, monkeypatch):
    key = FoldKey([], np.array(strata), np.array(groups))
    monkeypatch.setattr("tasks.split.find", lambda name: SimpleNamespace(fold_key=lambda path: key))
    with pytest.raises(InvalidSettings, match=f"^folds.count: expected {reason}"):
        split.fn("toy", SimpleNamespace(path=None), Folds(count=2))
