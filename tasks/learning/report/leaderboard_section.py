"""Section on a competition's submissions: a chart of their scores over time, and a table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Chart, Section, TableBlock, Text
from tasks.core.submissions.leaderboard import Entry
from tasks.learning.report.charts import BLUE, INK, ORANGE, WIDE_INCHES, empty_figure, rendered, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NAMES = 24
"""Names that fit under a chart; with more submissions every second, third … is named."""

ABSURD, LEAST_DISTANCE = 20.0, 0.05
"""Times the median distance from the median score, which counts as at least this share of that score."""
LONGEST_NAME = 20
"""Letters of a name under a chart; longer names would take the chart's room."""


def section(
    competition: str, entries: Sequence[Entry], agreement: str, *, public_higher_is_better: bool
) -> Section:
    """Return chart and table of one competition; entries are the newest first."""
    metric = next((entry.metric for entry in entries if entry.metric), "score")
    caption = f"{metric.capitalize()} of each submission, the oldest left; out of fold ± one standard error."
    has_validation = any(entry.validation for entry in entries)
    columns = ["submission", "when (UTC)", "out of fold", *(["validation"] if has_validation else [])]
    rows: list[list[Any]] = [
        [
            entry.name,
            f"{entry.when:%Y-%m-%d\N{NO-BREAK SPACE}%H:%M}" if entry.when else None,
            entry.score,
            *([entry.validation] if has_validation else []),
            None if entry.public is None else f"{entry.public:g}",
            entry.changed,
        ]
        for entry in entries
    ]
    better = "higher" if public_higher_is_better else "lower"
    public_title = f"public score (the {better} the better)"
    chart = over_time(list(reversed(entries)), metric=metric, public_title=public_title, caption=caption)
    table = TableBlock([*columns, "public", "changed since the one before"], rows)
    return Section(competition, [Text(agreement), chart, table])


@styled
def over_time(entries: Sequence[Entry], *, metric: str, public_title: str, caption: str = "") -> Chart:
    """Draw scores of submissions, the oldest first; public ones, of another scale, in a panel below."""
    with_public = any(entry.public is not None for entry in entries)
    figure = empty_figure(4.9 if with_public else 3.6, width_inches=WIDE_INCHES)
    heights = {"height_ratios": [3, 2]} if with_public else {}
    panels = figure.subplots(1 + with_public, 1, sharex=True, squeeze=False, gridspec_kw=heights)[:, 0]
    _points(panels[0], [entry.score for entry in entries], "out of fold", BLUE, "o")
    if any(entry.validation for entry in entries):
        _points(panels[0], [entry.validation for entry in entries], "validation", INK, "s", shift=0.12)
        panels[0].legend(fontsize=9, loc="best")
    panels[0].set_title(metric)
    if with_public:
        public = [None if entry.public is None else Estimate(entry.public, 0.0) for entry in entries]
        _points(panels[1], public, "public", ORANGE, "D")
        panels[1].set_title(public_title)
    _name(panels[-1], [entry.name for entry in entries])
    return rendered(figure, caption)


def usual_range(values: Sequence[float]) -> tuple[float, float] | None:
    """The least and the largest value without absurd ones, which would hide all differences between others.

    Absurd are values many times as far from the median as half of all are. None if there are none, or too few
    scores to tell.

    >>> usual_range([0.171, 88.0, 0.168])
    (0.168, 0.171)
    """
    if len(values) < 3:
        return None
    middle = float(np.median(values))
    distance = float(np.median(np.abs(np.subtract(values, middle))))
    reach = ABSURD * max(distance, LEAST_DISTANCE * abs(middle))
    kept = [value for value in values if abs(value - middle) <= reach]
    return (min(kept), max(kept)) if len(kept) < len(values) else None


def _without_absurd(axes: "Axes", scored: list[tuple[float, Estimate]]) -> list[tuple[float, Estimate]]:
    """The scores that the axis shows; of each other one the value stands at the edge, with an arrow."""
    usual = usual_range([score.value for _, score in scored])
    if usual is None:
        return scored
    low, high = usual
    for place, score in scored:
        if not low <= score.value <= high:
            above = score.value > high
            axes.annotate(
                f"{score.value:g} {'↑' if above else '↓'}",
                (place, 0.99 if above else 0.01),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="top" if above else "bottom",
                fontsize=8.5,
            )
    return [(place, score) for place, score in scored if low <= score.value <= high]


def _points(
    axes: "Axes",
    scores: Sequence[Estimate | None],
    label: str,
    color: str,
    marker: str,
    *,
    shift: float = 0.0,
) -> None:
    """A point with a whisker for each score that is not None, joined by a thin line."""
    scored = [(place + shift, score) for place, score in enumerate(scores) if score]
    scored = _without_absurd(axes, scored)
    places = [place for place, _ in scored]
    values = [score.value for _, score in scored]
    errors = [score.standard_error for _, score in scored]
    style: dict[str, Any] = {"color": color, "markersize": 4.5, "linewidth": 0.8, "elinewidth": 1.4}
    whiskers = errors if any(errors) else None
    axes.errorbar(places, values, yerr=whiskers, fmt=f"{marker}-", capsize=2.5, label=label, **style)
    axes.grid(axis="y")
    axes.margins(y=0.15)


def _name(axes: "Axes", names: Sequence[str]) -> None:
    """The run's name under each point, without the time at the start of the folder's name."""
    step = int(np.ceil(len(names) / MOST_NAMES)) or 1
    places = list(range(0, len(names), step))
    runs = [names[place].split("-", 2)[-1] for place in places]
    short = [run if len(run) <= LONGEST_NAME else f"{run[: LONGEST_NAME - 1]}…" for run in runs]
    axes.set_xticks(places, short, rotation=40, ha="right", fontsize=8.5)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="x", length=0)
