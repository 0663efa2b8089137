"""A greedy soup takes the members with which it scores no worse; each fold's is chosen on the others."""

import numpy as np
import pytest

from tasks.learning.ensemble.greedy_soup import greedy_soup, nested_soup


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        ({(0,): 0.8, (1,): 0.7, (0, 1): 0.9}, (0, 1)),
        ({(0,): 0.8, (1,): 0.7, (0, 1): 0.8}, (0, 1)),  # no worse
        ({(0,): 0.8, (1,): 0.7, (0, 1): 0.79}, (0,)),
        ({(0,): 0.7, (1,): 0.8, (0, 1): 0.79}, (1,)),
        # the second best spoils it, the worst improves it
        (
            {(0,): 0.6, (1,): 0.8, (2,): 0.7, (1, 2): 0.5, (0, 1): 0.85},
            (0, 1),
        ),
        # what was added counts for what comes after it
        (
            {(0,): 0.8, (1,): 0.7, (2,): 0.6, (0, 1): 0.9, (0, 1, 2): 0.85},
            (0, 1),
        ),
        ({(0,): -3.0, (1,): -2.0, (0, 1): -1.0}, (0, 1)),
        ({(0,): 0.5}, (0,)),
    ],
)
def test_members_join_best_first_while_the_soup_gets_no_worse(scores, chosen):
    asked = []

    def score(soup):
        asked.append(soup)
        return scores[soup]

    assert greedy_soup(max(max(soup) for soup in scores) + 1, score) == chosen
    assert len(asked) == len(set(asked))


def test_of_equal_members_the_first_begins():
    assert greedy_soup(2, {(0,): 0.5, (1,): 0.5, (0, 1): 0.1}.__getitem__) == (0,)


FOLDS = np.array([1, 0, 2, 0, 1])


def test_each_folds_soup_is_chosen_without_its_records():
    seen = []

    def score(soup, rows):
        seen.append(rows.tolist())
        if rows.tolist() == [1, 2, 3]:  # fold 1 is held out
            return {(0,): 0.1, (1,): 0.5, (0, 1): 0.2}[soup]
        return {(0,): 0.5, (1,): 0.4, (0, 1): 0.6}[soup]

    values = {(0,): 0.0, (1,): 1.0, (0, 1): 2.0}
    nested = nested_soup(2, FOLDS, score, lambda soup: np.full((5, 2), values[soup]))
    np.testing.assert_array_equal(nested[:, 0], [1.0, 2.0, 2.0, 2.0, 1.0])
    assert {tuple(rows) for rows in seen} == {(0, 2, 4), (1, 2, 3), (0, 1, 3, 4)}


def test_rows_keep_their_places():
    nested = nested_soup(1, FOLDS, lambda soup, rows: 0.0, lambda soup: np.arange(5.0))
    np.testing.assert_array_equal(nested, np.arange(5.0))
