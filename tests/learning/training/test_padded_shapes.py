import numpy as np
import pytest

from tasks.learning.training import padded_shapes
from tasks.learning.training.padded_shapes import (
    MOST,
    Padding,
    Shape,
    assign,
    choose,
    epoch_batches,
    fixed_batches,
)

LIMIT = 400
LENGTHS = np.random.default_rng(0).gamma(4, 20, (900, 1)).astype(int).clip(1, LIMIT)
TABLES = np.random.default_rng(1).gamma(3, (20, 4), (700, 2)).astype(int).clip(1, LIMIT)
SEQUENCES = Padding((8,), (LIMIT,), lambda sizes: sizes[..., 0], lambda sizes: 1024 // sizes[..., 0])
PAIRS = Padding(
    (8, 2),
    (LIMIT, LIMIT),
    lambda sizes: sizes[..., 0] * sizes[..., 1],
    lambda sizes: np.clip(4096 // (sizes[..., 0] * sizes[..., 1]), 1, 32),
)
CASES = [(LENGTHS, SEQUENCES), (TABLES, PAIRS), (LENGTHS[:5], SEQUENCES), (TABLES[:1], PAIRS)]


@pytest.mark.parametrize(("sizes", "padding"), CASES)
def test_few_shapes_hold_all_records(sizes, padding):
    found = choose(sizes, padding)
    assert len({shape.sizes for shape in found}) == len(found) <= MOST
    assert assign(sizes, found).min() >= 0
    for shape in found:
        assert 1 <= shape.rows <= padding.rows(np.array(shape.sizes))
        for size, multiple, limit in zip(shape.sizes, padding.multiples, padding.limits, strict=True):
            assert size == limit or size % multiple == 0


@pytest.mark.parametrize(("sizes", "padding"), CASES)
def test_an_epoch_has_every_record_once_in_batches_of_the_shapes(sizes, padding):
    found = choose(sizes, padding)
    batches = epoch_batches(sizes, found, seed=0, epoch=0)
    assert sorted(np.concatenate([each.records for each in batches]).tolist()) == list(range(len(sizes)))
    for each in batches:
        assert each.shape in found
        assert each.shape.rows - 1 <= len(each.records) <= each.shape.rows
        assert (sizes[each.records] <= np.array(each.shape.sizes)).all()


def test_batches_are_a_function_of_seed_and_epoch_in_random_order():
    found = choose(LENGTHS, SEQUENCES)

    def plan(seed: int, epoch: int) -> list[list[int]]:
        return [each.records.tolist() for each in epoch_batches(LENGTHS, found, seed=seed, epoch=epoch)]

    assert plan(1, 2) == plan(1, 2)
    plans = [plan(seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert len({str(each) for each in plans}) == 4
    assert len({len(each) for each in plans}) == 1
    longest = [int(LENGTHS[rows].max()) for rows in plans[0]]
    assert longest != sorted(longest)


def test_shapes_are_a_function_of_the_set_of_sizes():
    mixed = np.random.default_rng(5).permutation(TABLES)
    assert choose(mixed, PAIRS) == choose(TABLES, PAIRS)


def test_few_shapes_pad_less_than_one_and_hardly_more_than_many():
    def share(most: int) -> float:
        batches = epoch_batches(LENGTHS, choose(LENGTHS, SEQUENCES, most=most), seed=0, epoch=0)
        return padded_shapes.padded_share(LENGTHS, batches, SEQUENCES)

    one, eight, many = share(1), share(8), share(50)
    assert one > 0.5
    assert many <= eight < 0.18


def test_the_best_two_lengths_are_found():
    sizes = np.repeat([[8], [16], [96]], [40, 300, 200], axis=0)
    found = choose(sizes, SEQUENCES._replace(rows=lambda sizes: 20 + 0 * sizes[..., 0]))
    assert [shape.sizes for shape in found] == [(8,), (16,), (96,)]
    rare = np.repeat([[8], [16], [96]], [1, 300, 200], axis=0)
    assert [shape.sizes for shape in choose(rare, SEQUENCES)] == [(16,), (96,)]


def test_rows_that_fill_up_weigh_nothing_and_the_mean_is_that_of_the_records():
    batch = padded_shapes.PaddedBatch(np.array([4, 7, 2]), Shape((8,), 5))
    assert batch.filled() == [4, 7, 2, 4, 4]
    assert batch.weights.dtype == np.float32
    losses = np.array([1.0, 2.0, 6.0, 1.0, 1.0])
    assert (losses * batch.weights).mean() == pytest.approx(3.0)
    assert batch.weights[3:].tolist() == [0, 0]
    full = padded_shapes.PaddedBatch(np.arange(5), Shape((8,), 5))
    assert full.weights.tolist() == [1] * 5


@pytest.mark.parametrize("count", [0, 1, 7, 64, 900])
def test_predictions_have_every_record_once_in_known_shapes(count):
    known = choose(LENGTHS, SEQUENCES)
    sizes = LENGTHS[:count]
    batches = fixed_batches(sizes, known, SEQUENCES)
    assert sorted(row for each in batches for row in each.records.tolist()) == list(range(count))
    assert {each.shape for each in batches} <= set(known)
    for each in batches:
        assert (sizes[each.records] <= np.array(each.shape.sizes)).all()
    assert sum(len(each.records) < each.shape.rows for each in batches) <= 1


def test_records_larger_than_all_shapes_get_one_of_their_own():
    known = choose(np.minimum(LENGTHS, 60), SEQUENCES)
    batches = fixed_batches(LENGTHS, known, SEQUENCES)
    assert sorted(row for each in batches for row in each.records.tolist()) == list(range(len(LENGTHS)))
    assert {each.shape.sizes for each in batches} - {shape.sizes for shape in known} == {(256,)}
    assert {each.shape.sizes for each in fixed_batches(np.array([[LIMIT - 1]]), known, SEQUENCES)} == {
        (LIMIT,)
    }


def test_without_shapes_predictions_choose_theirs():
    batches = fixed_batches(TABLES, (), PAIRS)
    assert sorted(row for each in batches for row in each.records.tolist()) == list(range(len(TABLES)))
    assert 1 < len({each.shape for each in batches}) < MOST


def test_records_of_an_epoch_must_fit_its_shapes():
    with pytest.raises(ValueError, match=r"expected sizes within .*, received \[9\]"):
        epoch_batches(np.array([[3], [9]]), [Shape((8,), 4)], seed=0, epoch=0)


def test_no_records_make_no_batches():
    none = np.zeros((0, 1), np.int64)
    assert choose(none, SEQUENCES) == ()
    assert epoch_batches(none, (), seed=0, epoch=0) == []
    assert fixed_batches(none, (), SEQUENCES) == []
