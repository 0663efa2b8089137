import numpy as np

from tasks.learning.ensemble.pseudo_labels import most_confident

SCORES = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8], [0.45, 0.55], [0.8, 0.2]])


def chosen(share: float) -> dict[int, int]:
    rows, classes = most_confident(SCORES, share=share)
    assert rows.dtype == np.int64
    assert rows.tolist() == sorted(rows.tolist())
    return dict(zip(rows.tolist(), classes.tolist(), strict=True))


def test_each_class_gives_its_most_confident_share():
    assert chosen(0.5) == {0: 0, 3: 1, 5: 0}


def test_a_small_share_still_takes_one_of_each_class():
    assert chosen(0.01) == {0: 0, 3: 1}


def test_the_whole_share_takes_everything():
    assert chosen(1.0) == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 0}


def test_of_equal_confidence_the_first_row_is_taken():
    rows, _ = most_confident(np.array([[0.7, 0.3], [0.7, 0.3]]), share=0.5)
    assert rows.tolist() == [0]
