import numpy as np
import pytest

from tasks.nl2sql.baseline.outputs import BaselineProbabilities, as_sketch, average, of_question, runs
from tasks.nl2sql.decoding.value_spans import find_spans
from tasks.nl2sql.query.schema import EQUAL, GREATER, LESS
from tasks.nl2sql.sketch.labels import NO_OPERATOR


def tags(*best: int, doubt: float = 0.0) -> np.ndarray:
    return np.asarray(np.eye(5)[list(best)] * (1 - doubt) + doubt / 5, np.float32)


@pytest.mark.parametrize(
    ("best", "expected"),
    [
        ([], []),
        ([4, 4], []),
        ([2, 2], [(0, 2, EQUAL)]),
        ([4, 0, 4, 0], [(1, 2, GREATER), (3, 4, GREATER)]),
        ([2, 2, 1, 1, 4], [(0, 2, EQUAL), (2, 4, LESS)]),
    ],
)
def test_a_run_ends_where_the_tag_changes_and_at_the_end_of_the_question(best, expected):
    assert [each[:3] for each in runs(tags(*best))] == expected


def test_of_equally_probable_tags_the_first_is_taken():
    tied = np.float32([[0, 0, 0.5, 0, 0.5], [0.5, 0, 0.5, 0, 0], [0.2] * 5])
    assert [each[:3] for each in runs(tied)] == [(0, 1, EQUAL), (1, 3, GREATER)]
    assert [each.probability for each in runs(tied)] == [0.5, pytest.approx(0.35 / 0.45)]


def test_a_run_is_at_least_as_probable_as_none():
    random = np.random.default_rng(0)
    drawn = random.dirichlet([1] * 5, 400).astype(np.float32)
    assert all(0.5 <= each.probability <= 1 for each in runs(drawn))
    assert runs(np.zeros((2, 5), np.float32))[0].probability == 0.5


def test_padding_and_what_is_not_finite_is_left_out():
    outputs = {
        "connector": np.float32([[np.nan, 0, 1]]),
        "select": np.ones((1, 4, 7), np.float32),
        "tags": np.arange(6, dtype=np.float32)[None, :, None] * np.ones((1, 6, 5), np.float32),
        "column": np.full((1, 6, 4), np.inf, np.float32),
    }
    found = of_question(outputs, 0, characters=3, columns=2)
    assert found.connector.tolist() == [0, 0, 1]
    assert found.select.shape == (2, 7)
    assert found.tags[:, 0].tolist() == [1, 2, 3]
    assert found.columns.tolist() == [[0, 0]] * 3


def test_networks_are_averaged_by_their_probabilities():
    one, other = (
        BaselineProbabilities(
            *(np.full(shape, value, np.float32) for shape in ((3,), (2, 7), (4, 5), (4, 2)))
        )
        for value in (0.0, 1.0)
    )
    for part in average([one, other]):
        assert part.dtype == np.float32
        assert (part == 0.5).all()


def test_the_search_finds_the_same_values():
    best = [4, 2, 2, 0, 4, 3]
    found = BaselineProbabilities(
        np.float32([1, 0, 0]),
        np.full((2, 7), 1 / 7, np.float32),
        tags(*best),
        np.full((6, 2), 0.5, np.float32),
    )
    sketch = as_sketch(found)
    (spans,) = find_spans([sketch])
    assert [(each.start, each.end) for each in spans] == [each[:2] for each in runs(found.tags)]
    assert sketch.begins.tolist() == [0, 1, 0, 1, 0, 1]
    assert sketch.tags[:, NO_OPERATOR].tolist() == [1, 0, 0, 0, 1, 0]
    assert sketch.number.sum() == pytest.approx(1)
