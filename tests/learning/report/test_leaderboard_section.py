from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Chart, TableBlock, render
from tasks.core.submissions.leaderboard import Entry
from tasks.learning.report.leaderboard_section import section, usual_range


def entry(number: int, **changes: Any) -> Entry:
    line = Entry(
        name=f"20260101-10000{number % 10}-run{number}",
        when=datetime(2026, 1, 1, 10, number % 60, tzinfo=UTC),
        metric="accuracy",
        score=Estimate(0.5 + number / 100, 0.01),
        validation=None,
        public=None,
        higher_is_better=True,
        changed="nothing",
    )
    return line._replace(**changes)


def blocks(entries: list[Entry]) -> tuple[Chart, TableBlock]:
    _, chart, table = section("dogs", entries, "Ranks agree.", public_higher_is_better=True).blocks
    assert isinstance(chart, Chart)
    assert isinstance(table, TableBlock)
    return chart, table


@pytest.mark.parametrize(
    "entries",
    [
        [entry(0)],
        [entry(2), entry(1), entry(0, score=None)],
        [entry(1, public=0.2), entry(0, validation=Estimate(0.4, 0.02))],
        [entry(number, public=0.3) for number in range(60)],
        [entry(0, score=None, when=None)],
    ],
    ids=["one", "several", "all kinds of scores", "many", "none"],
)
def test_a_page_is_drawn_of_any_history(entries):
    chart, table = blocks(entries)
    assert chart.svg.startswith("<svg")
    assert [row[0] for row in table.rows] == [each.name for each in entries]
    assert "Ranks agree." in render(
        "Submissions", "", [section("dogs", entries, "Ranks agree.", public_higher_is_better=True)]
    )


def test_there_is_a_column_of_validation_only_where_there_are_such_scores():
    assert "validation" not in blocks([entry(0)])[1].columns
    columns, rows, _ = blocks([entry(1), entry(0, validation=Estimate(0.4, 0.02))])[1]
    place = columns.index("validation")
    assert [row[place] for row in rows] == [None, Estimate(0.4, 0.02)]


def test_a_public_score_makes_the_drawing_higher():
    heights = [
        float(blocks([entry(0, public=public)])[0].svg.partition('height="')[2].partition("pt")[0])
        for public in (None, 0.5)
    ]
    assert heights[1] > heights[0] + 50


@pytest.mark.parametrize(
    ("values", "usual"),
    [
        ([], None),
        ([0.17], None),
        ([0.17, 88.0], None),
        ([0.171, 88.0, 0.168], (0.168, 0.171)),
        ([0.171, 88.0, 0.168, 91.0, 0.17], (0.168, 0.171)),
        ([0.9, 0.9, 0.1, 0.9], None),
        ([0.1, 0.5, 0.7, 0.8, 0.81], None),
        ([0.8, 0.8, 0.8], None),
        ([0.0, 0.0, 0.0], None),
        ([-5000.0, 0.8, 0.82, 0.81], (0.8, 0.82)),
    ],
)
def test_an_absurd_score_does_not_hide_the_differences_of_others(values, usual):
    assert usual_range(values) == usual
