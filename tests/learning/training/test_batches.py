from collections import Counter

import numpy as np
import pytest

from tasks.learning.training.batches import class_pairs, order


def test_an_order_holds_every_record_once():
    assert sorted(order(100, seed=3, epoch=2)) == list(range(100))


def test_an_order_is_a_function_of_seed_and_epoch():
    orders = {
        (seed, epoch): tuple(order(50, seed=seed, epoch=epoch)) for seed in range(3) for epoch in range(3)
    }
    assert len(set(orders.values())) == len(orders)
    assert tuple(order(50, seed=1, epoch=2)) == orders[1, 2]


LABELS = np.repeat(np.arange(10), [3, 5, 8, 2, 9, 4, 7, 6, 2, 4])


@pytest.mark.parametrize("step", range(20))
def test_a_batch_of_pairs_has_distinct_classes_with_two_records_each(step):
    batch = class_pairs(LABELS, batch_size=12, seed=0, step=step)
    assert len(set(batch)) == 12
    classes = LABELS[batch].reshape(6, 2)
    assert (classes[:, 0] == classes[:, 1]).all()
    assert len(set(classes[:, 0])) == 6


def test_pairs_are_a_function_of_seed_and_step():
    batches = {
        tuple(class_pairs(LABELS, batch_size=8, seed=seed, step=step))
        for seed in range(3)
        for step in range(3)
    }
    assert len(batches) == 9
    assert tuple(class_pairs(LABELS, batch_size=8, seed=1, step=2)) in batches


def test_classes_are_drawn_in_proportion_to_their_records():
    labels = np.repeat([0, 1, 2], [10, 30, 60])
    drawn = Counter(
        int(labels[class_pairs(labels, batch_size=2, seed=4, step=step)[0]]) for step in range(1000)
    )
    assert abs(drawn[0] - 100) < 40
    assert abs(drawn[1] - 300) < 60
    assert abs(drawn[2] - 600) < 60


def test_records_of_a_class_are_drawn_equally_often():
    labels = np.zeros(5, np.int64)
    drawn = Counter(
        int(i) for step in range(500) for i in class_pairs(labels, batch_size=2, seed=0, step=step)
    )
    assert all(abs(drawn[record] - 200) < 50 for record in range(5))


def test_with_few_classes_each_stands_for_several_pairs():
    labels = np.repeat([0, 1, 2], 20)
    batch = class_pairs(labels, batch_size=16, seed=0, step=0)
    classes = labels[batch].reshape(8, 2)
    assert (classes[:, 0] == classes[:, 1]).all()
    assert sorted(Counter(classes[:, 0].tolist()).values()) == [2, 3, 3]
    assert len(set(batch)) == 16


def test_a_class_of_one_record_is_paired_with_itself():
    batch = class_pairs(np.array([5, 9, 9]), batch_size=4, seed=0, step=0)
    assert sorted(batch) == [0, 0, 1, 2]


def test_an_odd_batch_leaves_the_last_record_without_its_fellow():
    batch = class_pairs(LABELS, batch_size=5, seed=0, step=0)
    assert sorted(Counter(LABELS[batch].tolist()).values()) == [1, 2, 2]
