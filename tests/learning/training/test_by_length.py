import numpy as np
import pytest

from tasks.learning.training.batches import LENGTHS, by_length, padded_length

DRAWN = np.random.default_rng(0).integers(1, 300, 500)


def test_every_sequence_is_in_one_batch():
    batches = by_length(DRAWN, budget=1024, seed=0, epoch=0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))


@pytest.mark.parametrize("budget", [32, 512, 2048])
def test_batches_have_one_length_and_fit_the_budget(budget):
    for rows in by_length(DRAWN, budget=budget, seed=0, epoch=0):
        (length,) = {padded_length(int(each)) for each in DRAWN[rows]}
        assert len(rows) == 1 or len(rows) * length <= budget


def test_only_the_last_batch_of_a_length_is_smaller_than_the_budget_allows():
    rest: dict[int, int] = {}
    for rows in by_length(DRAWN, budget=1024, seed=0, epoch=0):
        length = padded_length(int(DRAWN[rows].max()))
        rest[length] = rest.get(length, 0) + (len(rows) < 1024 // length)
    assert max(rest.values()) == 1


def test_the_number_of_batches_is_the_same_in_every_epoch():
    counts = {
        len(by_length(DRAWN, budget=1024, seed=seed, epoch=epoch)) for seed in (0, 1) for epoch in range(4)
    }
    assert len(counts) == 1


def test_batches_are_a_function_of_seed_and_epoch_in_random_order():
    def plan(seed: int, epoch: int) -> list[list[int]]:
        return [rows.tolist() for rows in by_length(DRAWN, budget=1024, seed=seed, epoch=epoch)]

    assert plan(1, 2) == plan(1, 2)
    plans = [plan(seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert len({str(each) for each in plans}) == 4
    lengths = [int(DRAWN[rows].max()) for rows in plans[0]]
    assert lengths != sorted(lengths)


@pytest.mark.parametrize(
    ("length", "padded"), [(1, 32), (32, 32), (33, 48), (514, 514), (515, 1026), (4098, 4098)]
)
def test_a_length_is_padded_to_the_next_of_few(length, padded):
    assert padded_length(length) == padded
    assert padded in LENGTHS


def test_no_sequences_make_no_batches():
    assert by_length(np.array([], np.int64), budget=64, seed=0, epoch=0) == []
