import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.ensemble.members import best_head_share, blend_heads, join, mean, weighted_mean

IDS = ['a"1', "句,2", "c:3", "d\\4", "e 5"]
FOLDS = np.array([0, 1, 0, 1, 1])
ARRAY = np.arange(10, dtype=np.float32).reshape(5, 1, 2)
RECORDS = Candidates.of([{key([id, "作者", "乙"]): (row + 1) / 8} | {"1": 0.5} for row, id in enumerate(IDS)])
KINDS = pytest.mark.parametrize("values", [ARRAY, RECORDS], ids=["array", "candidates"])


def part(values, rows: list[int]) -> Scores:
    return Scores([IDS[row] for row in rows], values[np.array(rows, np.int64)])


def same(one, other) -> bool:
    if isinstance(one, Candidates):
        return one.records() == other.records()
    return one.dtype == other.dtype and np.array_equal(one, other)


@KINDS
def test_folds_are_joined_in_the_order_of_the_ids(values):
    joined = join([part(values, [2, 0]), part(values, [4, 1, 3])], IDS, FOLDS)
    assert same(joined, values)


WRONG = {
    "a record twice": ([0, 2, 2], [1, 3, 4], "fold 0: expected each of its 2 records once, received 3"),
    "a record twice in place of another": ([0, 0], [1, 3, 4], "fold 0: expected each of its 2 records once"),
    "a record never": ([0, 2], [1, 4], "fold 1: expected each of its 3 records once, received 2"),
    "a record of another fold": ([0, 2, 1], [3, 4], r"1 of no record of this fold \['句,2'\]"),
    "folds exchanged": ([1, 3, 4], [0, 2], "fold 0: expected each of its 2 records once, received 3"),
    "an empty fold": ([], [1, 3, 4], "fold 0: expected each of its 2 records once, received 0"),
}


@KINDS
@pytest.mark.parametrize(("first", "second", "message"), WRONG.values(), ids=WRONG)
def test_folds_with_other_records_than_theirs_are_refused(values, first, second, message):
    with pytest.raises(ValueError, match=message):
        join([part(values, first), part(values, second)], IDS, FOLDS)


@KINDS
def test_a_fold_that_nobody_predicted_is_noticed(values):
    with pytest.raises(ValueError, match="expected all 5 records, received 2 in 1 folds"):
        join([part(values, [0, 2])], IDS, FOLDS)


@KINDS
def test_an_unknown_record_is_refused_by_its_name(values):
    strange = Scores([IDS[0], "unheard of"], values[np.array([0, 2])])
    with pytest.raises(ValueError, match=r"fold 0: .*\['unheard of'\]"):
        join([strange, part(values, [1, 3, 4])], IDS, FOLDS)


@KINDS
def test_ids_and_values_of_different_numbers_are_refused(values):
    short = Scores([IDS[0], IDS[2]], values[np.array([0])])
    with pytest.raises(ValueError, match=r"fold 0: .* received 2 with 1 values"):
        join([short, part(values, [1, 3, 4])], IDS, FOLDS)


@pytest.mark.parametrize(
    "missing", [np.full((2, 1, 2), np.nan, np.float32), Candidates.of([{"1": float("nan")}, {}])], ids=type
)
def test_a_missing_number_is_refused(missing):
    values = ARRAY if isinstance(missing, np.ndarray) else RECORDS
    parts = [Scores([IDS[0], IDS[2]], missing), part(values, [1, 3, 4])]
    with pytest.raises(ValueError, match=r"expected a number for each record, \d are missing"):
        join(parts, IDS, FOLDS)


def test_the_mean_of_arrays_is_taken_number_by_number():
    found = mean([Scores(IDS, ARRAY), Scores(IDS, ARRAY + 1), Scores(IDS, ARRAY + 5)])
    assert found.ids == IDS
    np.testing.assert_array_equal(found.values, ARRAY + 2)
    assert found.values.dtype == np.float32


def test_the_mean_of_one_is_itself():
    for values in (ARRAY, RECORDS):
        assert same(mean([Scores(IDS, values)]).values, values)


def test_what_a_model_did_not_consider_counts_as_nothing_in_the_mean():
    one, other = Candidates.of([{"a": 0.5}, {"b": 1.0}]), Candidates.of([{"a": 0.25, "c": 0.5}, {}])
    found = mean([Scores(["1", "2"], one), Scores(["1", "2"], other)])
    assert found.values.records() == [{"a": 0.375, "c": 0.25}, {"b": 0.5}]


@KINDS
@pytest.mark.parametrize("ids", [IDS[::-1], IDS[:-1], [*IDS[:-1], "x"]], ids=["order", "number", "other"])
def test_models_of_other_records_have_no_mean(values, ids):
    with pytest.raises(ValueError, match="expected the same ids in the same order from every model"):
        mean([Scores(IDS, values), Scores(ids, values[np.arange(len(ids))])])


def test_members_are_weighted():
    weights = np.array([0.75, 0.25])
    np.testing.assert_array_equal(weighted_mean([ARRAY, ARRAY + 4], weights), ARRAY + 1)
    found = weighted_mean([Candidates.of([{"a": 1.0}]), Candidates.of([{"b": 1.0, "a": 0.5}])], weights)
    assert found.records() == [{"a": 0.875, "b": 0.25}]


def test_weights_are_applied_in_double_precision():
    members = [np.full(3, value, np.float32) for value in (1e8, 1, -1e8)]
    np.testing.assert_allclose(weighted_mean(members, np.full(3, 1 / 3)), 1 / 3, rtol=1e-6)


def test_candidates_have_one_head_whatever_the_share():
    assert best_head_share(RECORDS, lambda values: 0.0) == 1.0
    assert blend_heads(RECORDS, 0.3) is RECORDS


def test_heads_of_arrays_take_the_share_that_scores_best():
    truth = np.array([0, 1, 0, 1, 0])
    right, wrong = np.eye(2)[truth], np.eye(2)[1 - truth]
    heads = np.stack([wrong, right], axis=1)
    share = best_head_share(heads, lambda values: float((values.argmax(1) == truth).mean()))
    assert (blend_heads(heads, share).argmax(1) == truth).all()
    assert blend_heads(ARRAY, 1.0).shape == (5, 2)
