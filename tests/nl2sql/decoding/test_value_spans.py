import numpy as np
import pytest

from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities
from tasks.nl2sql.decoding.value_spans import (
    MOST_SPANS,
    UNSEEN,
    ScoredSpan,
    add_unlikely_spans,
    find_spans,
    join_within_cells,
    relative_odds,
)


def marked(levels: str, begins: str = "", *, number: int = 1) -> SketchProbabilities:
    """Characters that are part of a value with probability .9 (#), .3 (+) or 0 (.); `|` begins one."""
    value = np.array([{"#": 0.9, "+": 0.3, ".": 0.0}[level] for level in levels], np.float32)
    tags = np.stack([value, *[np.zeros_like(value)] * 3, 1 - value], axis=1).reshape(-1, 5)
    starts = np.array([0.8 if mark == "|" else 0.0 for mark in begins.ljust(len(levels))], np.float32)
    none = np.zeros((0, 5), np.float32)
    return SketchProbabilities(
        np.zeros(3), none, np.eye(5, dtype=np.float32)[number], none, tags, starts, none
    )


RUNS = {
    "": [],
    "....": [],
    "#": [(0, 1)],
    ".##.": [(1, 3)],
    "####": [(0, 4)],
    "##.##": [(0, 2), (3, 5)],
    "..##": [(2, 4)],
}


@pytest.mark.parametrize("levels", RUNS)
def test_runs_of_likely_characters_are_spans(levels):
    assert [span[:2] for span in find_spans([marked(levels)])[0]] == RUNS[levels]


def test_neighbouring_values_are_cut_where_the_second_begins():
    assert [span[:2] for span in find_spans([marked(".####", " | |")])[0]] == [(1, 3), (3, 5)]


def test_a_span_is_as_probable_as_its_characters_on_average():
    assert find_spans([marked(".##.")])[0][0].probability == pytest.approx(0.9)


def test_a_weak_run_is_a_span_only_as_far_as_a_value_begins_there():
    found = find_spans([marked("++..++", "|")])[0]
    assert [span[:2] for span in found] == [(0, 2), (4, 6)]
    assert [span.probability for span in found] == pytest.approx([0.3 * 0.8, 0.0], abs=1e-6)


def test_questions_do_not_touch_each_other():
    levels = ["##", "##", "", "#.", "....", ".#", "++"]
    together = find_spans([marked(each) for each in levels])
    assert together == [find_spans([marked(each)])[0] for each in levels]


def test_of_many_spans_the_most_probable_are_kept_in_their_order():
    found = find_spans([marked("+.#." * 20, "|   " * 20)])[0]
    assert len(found) == MOST_SPANS
    assert found == sorted(found)
    assert {round(span.probability, 2) for span in found} == {0.9}


ENDS = {
    "a doubtful character splits a cell": ([(0, 2), (3, 5)], [(0, 5)], "", [(0, 5)]),
    "two values begin in it": ([(0, 2), (3, 5)], [(0, 5)], "|  |", [(0, 2), (3, 5)]),
    "the cell ends before the second": ([(0, 2), (3, 5)], [(0, 4)], "", [(0, 2), (3, 5)]),
    "one span in it": ([(1, 3)], [(0, 5)], "", [(1, 3)]),
}


@pytest.mark.parametrize("case", ENDS)
def test_parts_of_one_cell_are_joined(case):
    found, cells, begins, expected = ENDS[case]
    mark = marked("." * 5, begins).begins
    assert [
        span[:2] for span in join_within_cells([ScoredSpan(*each, 0.9) for each in found], cells, mark)
    ] == expected


def test_what_the_network_passed_over_counts_only_where_it_expects_more():
    value, found = np.zeros(6), [ScoredSpan(0, 2, 0.9)]
    assert add_unlikely_spans(found, [(3, 5)], marked("......", number=1), value) == found
    more = add_unlikely_spans(found, [(0, 1), (3, 5)], marked("......", number=2), value)
    assert more == [*found, ScoredSpan(3, 5, UNSEEN)]


def test_faint_spans_count_only_where_the_network_expects_more():
    found = [ScoredSpan(0, 2, 0.9), ScoredSpan(3, 4, 0.01)]
    assert add_unlikely_spans(found, [], marked("......", number=1), np.zeros(6)) == found[:1]
    assert add_unlikely_spans(found, [], marked("......", number=2), np.zeros(6)) == found


def test_passed_over_places_are_asked_for_only_if_needed():
    def places():
        raise AssertionError("not needed")
        yield

    assert add_unlikely_spans([ScoredSpan(0, 1, 0.9)], places(), marked("..", number=1), np.zeros(2)) == [
        ScoredSpan(0, 1, 0.9)
    ]


def test_places_beyond_what_the_network_read_are_no_values():
    assert add_unlikely_spans([], [(4, 8)], marked("......", number=1), np.zeros(6)) == []


def test_other_ends_are_as_probable_as_the_characters_that_they_add_and_leave():
    value = np.array([0.9, 0.9, 0.4, 0.1])
    assert relative_odds((0, 2), (0, 3), value) == pytest.approx(0.4 / 0.6)
    assert relative_odds((0, 3), (0, 2), value) == pytest.approx(0.6 / 0.4)
    assert relative_odds((0, 2), (1, 2), value) == pytest.approx(0.1 / 0.9)
    assert relative_odds((0, 2), (0, 2), value) == 1


def test_odds_of_certain_characters_stay_finite():
    assert (
        0
        < relative_odds((0, 1), (0, 50), np.zeros(50))
        < 1
        < relative_odds((0, 1), (0, 50), np.ones(50))
        < 1e4
    )
