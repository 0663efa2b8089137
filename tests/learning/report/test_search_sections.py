"""The report of a search, from few trials to many, of numbers and of choices."""

from dataclasses import dataclass
from typing import Any

import pytest

from tasks.core.competition import Score
from tasks.core.report import page
from tasks.learning.report import search_charts
from tasks.learning.report.search_sections import sections
from tasks.learning.search.trials import Trial


def trial(number: int, value: float | None, state: str = "complete", **params: Any) -> Trial:
    score = None if value is None else Score("accuracy", value, 0.01)
    differences = params if number else {}
    return Trial(number, state, score, params, differences, {1: 0.3}, 1.5)


def many() -> list[Trial]:
    complete = [
        trial(
            number,
            0.5 + number / 100,
            rate=10.0 ** (-number % 7),
            kind="ab"[number % 2],
            size=number,
            on=True,
        )
        for number in range(12)
    ]
    return [
        *complete,
        trial(12, None, "pruned", rate=1.0),
        trial(13, None, "fail"),
        trial(14, None, "waiting"),
    ]


def titles(trials: list[Trial], importances: dict[str, float]) -> list[str]:
    return [section.title for section in sections(trials, importances)]


def test_every_part_is_there():
    shares = {"rate": 0.7, "kind": 0.2, "size": 0.1, "on": 0.0}
    found = sections(many(), shares)
    assert [section.title for section in found] == [
        "Result",
        "History",
        "Importance",
        "Parallel coordinates",
        "Trials",
    ]
    html = page.render("search", "", found)
    assert "12 complete, 1 pruned, 1 fail, 1 waiting" in html
    assert "best: trial 11" in html
    assert "0.6100" in html


def test_a_single_trial_is_enough():
    alone = [trial(0, 0.5, rate=1.0)]
    assert titles(alone, {}) == ["Result", "History", "Trials"]
    assert "No trial was complete but" in page.render("search", "", sections(alone, {}))


def test_a_search_that_found_nothing_better_says_so():
    html = page.render("search", "", sections([trial(0, 0.5, rate=1.0), trial(1, 0.4, rate=2.0)], {}))
    assert "none was better than the settings" in html
    assert "best: trial" not in html
    assert "optimistic" not in html


def test_equal_trials_give_equal_bytes():
    first, second = (search_charts.parallel(many(), ["rate", "kind"]) for _ in range(2))
    assert first == second
    assert search_charts.history(many()) == search_charts.history(many())


def test_the_score_is_the_last_of_the_parallel_axes():
    assert "accuracy" in search_charts.columns(many(), ["rate"])
    assert list(search_charts.columns(many(), ["rate", "kind"])) == ["rate", "kind", "accuracy"]


@dataclass
class Case:
    values: list[Any]
    heights: list[float]


@pytest.mark.parametrize(
    "case",
    [
        Case([1.0, 10.0, 100.0, 1000.0, 1e4, 1e6], [0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 1]),
        Case([0.0, 1.0, 2.0, 3.0, 4.0, 8.0], [0, 1 / 8, 2 / 8, 3 / 8, 4 / 8, 1]),
        Case(["b", "a", "c"], [0.5, 0, 1]),
        Case([64, 32, 128], [0.5, 0, 1]),
        Case([True, False], [1, 0]),
        Case([3, 3], [0, 0]),
    ],
    ids=lambda case: str(case.values),
)
def test_values_have_places_on_their_scale(case: Case):
    scale = search_charts.Scale(case.values)
    assert [scale.height(value) for value in case.values] == pytest.approx(case.heights)


def test_a_parameter_that_a_trial_lacks_breaks_its_line():
    height = search_charts.Scale([1.0, None, 2.0]).height(None)
    assert height != height


def test_a_parameter_that_no_trial_has_is_drawn_all_the_same():
    assert search_charts.parallel(many(), ["unknown"]).svg.startswith("<svg")
