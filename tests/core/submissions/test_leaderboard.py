"""Submissions side by side: what changed, and how far ranks agree."""

from pathlib import Path
from typing import Any

import pytest

from tasks.core.submissions.leaderboard import (
    Agreement,
    Entry,
    agreement,
    agreement_text,
    entries,
    what_changed,
)
from tasks.core.submissions.submissions import Submission

CONFIG = {"folds": {"count": 5}, "recipes": [{"name": "one", "width": 8, "depth": 2}], "seed": 0}


def submission(name: str = "20260101-100000-one", **changes: Any) -> Submission:
    provenance = {
        "created": "2026-01-01T10:00:00+00:00",
        "config": CONFIG,
        "code": {"tasks.train": "a", "tasks.load": "b"},
        "data": {"load": "d"},
        "libraries": {"keras": "3.15"},
        "score": {"name": "accuracy", "value": 0.8, "standard_error": 0.01, "higher_is_better": True},
        "public_score": None,
    }
    return Submission(Path("submissions/dogs", name), provenance | changes)


def scored(value: float, public: float | None, *, higher_is_better: bool = True) -> Entry:
    score = {"name": "m", "value": value, "standard_error": 0.1, "higher_is_better": higher_is_better}
    return entries([submission(score=score, public_score=public)])[0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "nothing"),
        ({"config": CONFIG | {"folds": {"count": 3}}}, "folds.count 5 → 3"),
        ({"config": CONFIG | {"folds": {"count": 3}, "seed": 1}}, "folds.count 5 → 3, seed 0 → 1"),
        (
            {"config": CONFIG | {"recipes": [{"name": "one", "width": 9, "depth": 3}], "seed": 1}},
            "2 settings of recipes, seed 0 → 1",
        ),
        (
            {"config": {**CONFIG, "root": "/a/very/long/way/to/some/folder"}},
            "root nothing → …/way/to/some/folder",
        ),
        ({"code": {"tasks.train": "z", "tasks.load": "y"}}, "code (2)"),
        ({"data": {"load": "e"}, "libraries": {"keras": "3.16"}}, "data, libraries (1)"),
        ({"config": CONFIG | {"seed": 1}, "code": {}}, "seed 0 → 1"),
    ],
)
def test_what_changed_is_told_in_short(changes: dict[str, Any], told: str) -> None:
    assert what_changed(submission(), submission(**changes)) == told


def test_each_line_is_compared_with_the_one_before_it() -> None:
    newest, older, oldest = entries(
        [
            submission("c", config=CONFIG | {"seed": 2}),
            submission("b", config=CONFIG | {"seed": 1}),
            submission("a"),
        ]
    )
    assert [each.name for each in (newest, older, oldest)] == ["c", "b", "a"]
    assert newest.changed == "seed 1 → 2"
    assert older.changed == "seed 0 → 1"
    assert oldest.changed == "the first"


def test_a_provenance_that_lacks_everything_still_has_a_line() -> None:
    bare = Submission(Path("submissions/dogs/old"), {"file": "a.txt", "score": None, "created": "yesterday"})
    line = entries([bare])[0]
    assert (line.when, line.score, line.validation, line.public) == (None, None, None, None)


RANKS = [
    ([(0.8, 0.7), (0.9, 0.8), (0.7, 0.1)], True, 1.0),
    ([(0.8, 0.3), (0.9, 0.2), (0.7, 0.4)], False, 1.0),
    ([(0.8, 0.3), (0.9, 0.2), (0.7, 0.4)], True, -1.0),
    ([(0.8, 0.7), (0.9, 0.6), (0.7, 0.1)], True, 1 / 3),
]


@pytest.mark.parametrize(("scores", "higher", "tau"), RANKS)
def test_ranks_agree_by_kendalls_tau_whichever_way_is_better(scores: Any, higher: bool, tau: float) -> None:
    lines = [scored(*each) for each in scores]
    found = agreement([*lines, scored(0.5, None)], public_higher_is_better=higher)
    assert found == Agreement(pytest.approx(tau), 3)
    assert found.pairs == 3


def test_a_metric_of_our_own_may_be_better_the_lower_it_is() -> None:
    lines = [scored(0.2, 0.9, higher_is_better=False), scored(0.3, 0.8, higher_is_better=False)]
    assert agreement(lines, public_higher_is_better=True) == Agreement(1.0, 2)


@pytest.mark.parametrize("scores", [[], [(0.8, 0.5)], [(0.8, 0.5), (0.8, 0.6)], [(0.8, 0.5), (0.9, 0.5)]])
def test_without_two_that_differ_no_agreement_is_told(scores: list[tuple[float, float]]) -> None:
    found = agreement([scored(*each) for each in scores], public_higher_is_better=True)
    assert found is None
    assert "Record public scores" in agreement_text(found)


def test_after_two_recorded_scores_no_more_are_asked_for() -> None:
    assert "Record public scores" not in agreement_text(None, recorded=2)
    assert "no two submissions that have both differ in both" in agreement_text(None, recorded=2)


def test_the_agreement_says_on_how_much_it_rests() -> None:
    assert "+0.33" in agreement_text(Agreement(1 / 3, 4))
    assert "4 submissions, 6 pairs" in agreement_text(Agreement(1 / 3, 4))
    assert "2 submissions, 1 pair." in agreement_text(Agreement(1.0, 2))
