"""Charts of a search: scores by trial, and scores by parameters."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.core.report.page import Chart
from tasks.learning.report.charts import BLUE, INK, ORANGE, PAPER, WIDE_INCHES, empty_figure, rendered, styled
from tasks.learning.search.trials import Trial, best, ranked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCALE_INCHES = 1.04
"""Least width of a parameter in parallel coordinates, for its name and values."""
BEHIND: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
"""Behind values, so that lines do not cross them out."""
ALIKE = 6
"""A numeric parameter with fewer different values is drawn as choices at equal distances."""


@styled
def history(trials: Sequence[Trial], *, caption: str = "") -> Chart:
    """Draw each trial's score by number, the best so far as a line, and a cross for each pruned trial."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.score]
    pruned = [trial for trial in trials if trial.state == "pruned" and trial.reports]
    figure = empty_figure(3.4, width_inches=WIDE_INCHES)
    axes = figure.subplots()
    numbers, values, errors = _scores(complete)
    axes.errorbar(
        numbers, values, yerr=errors, fmt="o", color=BLUE, markersize=4, linewidth=0.9, label="score"
    )
    axes.step(numbers, _best_so_far(complete), where="post", color=INK, linewidth=1.2, label="best so far")
    if pruned:
        last = [list(trial.reports.values())[-1] for trial in pruned]
        sign = -1 if complete and complete[0].score and not complete[0].score.higher_is_better else 1
        places = [trial.number for trial in pruned]
        axes.plot(places, np.multiply(sign, last), "x", color=ORANGE, markersize=5, label="pruned at")
    _mark(axes, complete)
    figure.legend(loc="outside upper left", ncols=3, fontsize=9.5)
    return rendered(figure, caption)


def _scores(trials: Sequence[Trial]) -> tuple[list[int], list[float], list[float]]:
    scores = [trial.score for trial in trials if trial.score]
    errors = [score.standard_error for score in scores]
    return [trial.number for trial in trials], [score.value for score in scores], errors


def _best_so_far(trials: Sequence[Trial]) -> list[float]:
    winners = [best(trials[: index + 1]) for index in range(len(trials))]
    return [winner.score.value for winner in winners if winner and winner.score]


def _mark(axes: "Axes", trials: Sequence[Trial]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    axes.grid(axis="y")
    axes.set_xlabel("trial")
    axes.set_ylabel(_metric(trials))


def _metric(trials: Sequence[Trial]) -> str:
    return trials[0].score.name if trials and trials[0].score else "score"


@styled
def parallel(trials: Sequence[Trial], params: Sequence[str], *, caption: str = "") -> Chart:
    """Draw a line for each complete trial through the values of its parameters to its score.

    Better trials have darker lines; that of the best trial is orange.
    """
    order = ranked(trials)[::-1]
    by_name = columns(order, params)
    scales = {name: Scale(values) for name, values in by_name.items()}
    figure = empty_figure(4.4, width_inches=max(WIDE_INCHES, SCALE_INCHES * len(scales)))
    axes = figure.subplots()
    for rank in range(len(order)):
        heights = [scales[name].height(values[rank]) for name, values in by_name.items()]
        is_best = rank == len(order) - 1
        axes.plot(
            range(len(heights)),
            heights,
            color=ORANGE if is_best else BLUE,
            alpha=1.0 if is_best else 0.08 + 0.5 * (rank / len(order)) ** 2,
            linewidth=2.0 if is_best else 1.1,
            marker="o",
            markersize=3,
        )
    _mark_scales(axes, scales)
    return rendered(figure, caption)


def columns(trials: Sequence[Trial], params: Sequence[str]) -> dict[str, list[Any]]:
    """Return the trials' values of each parameter, None where a trial has none, and last their scores."""
    values: dict[str, list[Any]] = {name: [trial.params.get(name) for trial in trials] for name in params}
    scores = [trial.score.value if trial.score else None for trial in trials]
    return {**values, _metric(trials): scores}


class Scale:
    """Scale of a parameter's values to heights from 0 to 1: logarithmic, linear, or by choice."""

    def __init__(self, values: Sequence[Any]) -> None:
        known = [value for value in values if value is not None]
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
        self.is_choice = not numbers or len(set(known)) < ALIKE
        self.choices = sorted(set(known), key=lambda value: (not isinstance(value, int | float), value))
        self.is_log = not self.is_choice and min(known) > 0 and max(known) / min(known) > 10
        ends = (
            [self._transformed(end) for end in (min(known), max(known))] if not self.is_choice else [0.0, 1.0]
        )
        self._low, self._span = ends[0], ends[1] - ends[0]

    def height(self, value: Any) -> float:
        """Height of a value; NaN for None, which interrupts the line of a trial without the parameter."""
        if value is None:
            return float("nan")
        if self.is_choice:
            return self.choices.index(value) / max(1, len(self.choices) - 1)
        return (self._transformed(value) - self._low) / self._span

    def marks(self) -> list[tuple[float, str]]:
        """Heights and their labels."""
        if self.is_choice:
            return [(self.height(choice), short(choice)) for choice in self.choices]
        return [(self.height(value), short(value)) for value in (self.choices[0], self.choices[-1])]

    def _transformed(self, value: float) -> float:
        return float(np.log(value)) if self.is_log else float(value)


def _mark_scales(axes: "Axes", scales: Mapping[str, Scale]) -> None:
    for place, scale in enumerate(scales.values()):
        axes.axvline(place, color=INK, alpha=0.25, linewidth=0.8)
        for height, text in scale.marks():
            axes.annotate(
                text,
                (place, height),
                (4, 0),
                textcoords="offset points",
                fontsize=9,
                va="center",
                bbox=BEHIND,
            )
    names = [name.removeprefix("recipe.").replace(".", ".\n") for name in scales]
    axes.set_xticks(range(len(scales)), names, fontsize=9)
    axes.tick_params(axis="x", length=0)
    axes.set(yticks=[], xlim=(-0.4, len(scales) - 0.4), ylim=(-0.05, 1.05))
    axes.spines[:].set_visible(False)


def short(value: Any) -> str:
    """The value as text, with up to three digits of a float."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
