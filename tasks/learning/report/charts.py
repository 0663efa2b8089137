"""Charts of trainings and results, rendered with matplotlib as SVG and PNG.

pyplot's global state is not used, and equal numbers give equal bytes. The colours of the SVG follow the
reader's theme on a transparent background, for light and dark pages; the PNG is dark on white. The palette is
that of Okabe and Ito (2008), which colour-blind readers can distinguish.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from tasks.core.printable import printable
from tasks.core.private_folder import private_folder
from tasks.core.report import formatting
from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2328"
PAPER = "#ffffff"
BLUE = "#0072b2"
ORANGE = "#d55e00"
THEMED = {INK: "currentColor", PAPER: "var(--paper)", BLUE: "var(--blue)"}
"""Replacement of each colour in the SVG; on a dark page blue is the palette's sky blue."""
THEME = (
    f"<style>svg{{color:{INK};--paper:{PAPER};--blue:{BLUE}}}"
    "@media(prefers-color-scheme:dark){svg{color:#e4e8ec;--paper:#14171a;--blue:#56b4e9}}</style>"
)
TITLES = {"f1_of_marks": "F1 of marks"}
"""Title of a panel by the name of its figure, where it differs."""
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "podium",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
}
P = ParamSpec("P")
History = Sequence[Mapping[str, Any]]
WIDE_INCHES = 7.6
NARROW_INCHES = 5.6
"""Readable on a phone without horizontal scrolling."""
BARS_INCHES = 4.6
"""Of bars, whose values stand at the right end and must not be cut off on the narrowest phone."""


SHORT_NAME, LONGEST_NAME = 12, 32
"""Characters of a name beside a bar: from which on a chart is wider, and at most."""


def styled(draw: Callable[P, Chart]) -> Callable[P, Chart]:
    """Decorate a function that makes a chart: `STYLE` holds while it draws."""

    @wraps(draw)
    def in_style(*arguments: P.args, **options: P.kwargs) -> Chart:
        _give_a_folder_for_fonts()
        from matplotlib import rc_context

        with rc_context(STYLE):
            return draw(*arguments, **options)

    return in_style


def _give_a_folder_for_fonts() -> None:
    """Let matplotlib, which is imported next, keep its list of fonts where the user has no home to write to.

    Else it makes the list anew in each process, and warns.
    """
    if "MPLCONFIGDIR" not in os.environ and not os.access(os.environ.get("HOME", ""), os.W_OK):
        folder = private_folder("podium-matplotlib", variable="MPLCONFIGDIR")
        os.environ["MPLCONFIGDIR"] = str(folder)


@styled
def learning_curves(histories: Mapping[str, History], *, caption: str = "") -> Chart:
    """Draw loss, metric and learning rate of each training, one row of panels for each member.

    Args:
        histories: epochs of each training by "member, fold f": `stage`, `loss`, `learning_rate`, and
            other figures of training records (`accuracy`) and, with names that begin with `held_out_`, of
            held-out records. Trainings with the same text before the comma are in one row.
    """
    members = _by_member(histories)
    panels = ["loss", *_figures(histories), "learning_rate"]
    widths = [4] * (len(panels) - 1) + [3]
    figure = empty_figure(max(1, len(members)) * 2.35, width_inches=WIDE_INCHES)
    parts = figure.subfigures(max(1, len(members)), 1, squeeze=False)[:, 0]
    for part, (member, trainings) in zip(parts, members.items(), strict=False):
        part.suptitle(member, x=0.01, ha="left", fontsize=11, fontweight="bold")
        row = part.subplots(1, len(panels), gridspec_kw={"width_ratios": widths})
        for axes, name in zip(row, panels, strict=True):
            _curves(axes, trainings, name)
            axes.set_title(TITLES.get(name, name.replace("_", " ")))
    return rendered(figure, caption)


def _figures(histories: Mapping[str, History]) -> list[str]:
    """Names of the figures other than the loss, of training or held-out records."""
    fields = {field for history in histories.values() for epoch in history for field in epoch}
    names = {field.removeprefix("held_out_") for field in fields}
    return sorted(names - {"stage", "epoch", "seconds", "loss", "learning_rate"})


def member_of(training: str) -> str:
    """Return the member of a training: the part of its name before the last comma.

    >>> member_of("small, fold 3")
    'small'
    """
    return training.rpartition(",")[0] or training


def _by_member(histories: Mapping[str, History]) -> dict[str, list[History]]:
    members: dict[str, list[History]] = {}
    for name, history in histories.items():
        members.setdefault(member_of(name), []).append(history)
    return members


def _curves(axes: "Axes", trainings: Sequence[Sequence[Mapping[str, Any]]], key: str) -> None:
    """One thin line for each training: dashed for training records, solid for held-out records."""
    for history in trainings:
        for field, color, dashes in ((key, BLUE, "--"), (f"held_out_{key}", ORANGE, "-")):
            values = [float(epoch.get(field, np.nan)) for epoch in history]
            if np.isfinite(values).any():
                epochs = range(1, len(values) + 1)
                marker = "o" if len(values) < 3 else ""
                axes.plot(epochs, values, dashes, color=color, linewidth=1.1, marker=marker, markersize=3)
    for start in _stage_starts(max(trainings, key=len, default=())):
        axes.axvline(start + 0.5, color=INK, alpha=0.45, linewidth=0.8, linestyle=":")
    _mark_lines(axes, key)


def _stage_starts(history: Sequence[Mapping[str, Any]]) -> list[int]:
    """Epochs after which another stage begins."""
    stages = [epoch.get("stage", 0) for epoch in history]
    return [index for index in range(1, len(stages)) if stages[index] != stages[index - 1]]


def _mark_lines(axes: "Axes", key: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.grid(axis="y")
    axes.set_xlabel("epoch")
    if key == "learning_rate":
        axes.yaxis.set_major_formatter("{x:g}")
    elif key == "loss":
        axes.plot([], [], "--", color=BLUE, label="training")
        axes.plot([], [], "-", color=ORANGE, label="held out")
        axes.legend(fontsize=8.5, loc="upper right")


@styled
def bars(
    names: Sequence[str],
    values: Sequence[float],
    *,
    errors: Sequence[float] | None = None,
    title: str,
    caption: str = "",
) -> Chart:
    """Draw horizontal bars from zero, the first on top; with `errors`, points with whiskers of that length.

    Differences of scores are often small against the scores, and bars from zero hide them; with points the
    axis can begin near the values.
    """
    places = np.arange(len(names))
    shown = [_shortened(printable(name)) for name in names]
    more = max(0, max(map(len, shown), default=0) - SHORT_NAME)
    figure = empty_figure(0.75 + 0.34 * max(1, len(names)), width_inches=BARS_INCHES + 0.05 * more)
    axes = figure.subplots()
    if errors is None:
        axes.barh(places, values, height=0.62, color=BLUE)
        ends, texts = np.asarray(values), formatting.texts(values)
    else:
        axes.errorbar(values, places, xerr=errors, fmt="o", color=BLUE, capsize=3, linewidth=1.6)
        ends, texts = np.add(values, errors), formatting.texts(list(map(Estimate, values, errors)))
    for place, text, end in zip(places, texts, ends, strict=True):
        axes.annotate(text, (end, place), (6, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, shown)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.locator_params(axis="x", nbins=3 if more else 5)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.set_title(title)
    return rendered(figure, caption)


def _shortened(name: str) -> str:
    """A name beside a bar, for which a long one would leave no room: its beginning and end."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"


@styled
def lines(
    places: Sequence[float] | np.ndarray,
    curves: Mapping[str, Sequence[float]],
    *,
    mark: float,
    x_label: str,
    caption: str = "",
) -> Chart:
    """Draw up to three curves over the same places, the last one strongest, and a dotted line at `mark`."""
    colors = (BLUE, ORANGE, INK)[-len(curves) :]
    figure = empty_figure(3.4)
    axes = figure.subplots()
    for (name, values), color in zip(curves.items(), colors, strict=True):
        axes.plot(places, values, color=color, linewidth=1.8 if color == INK else 1.3, label=name)
    axes.axvline(mark, color=INK, alpha=0.6, linewidth=1.0, linestyle=":")
    axes.grid(axis="y")
    axes.set_xlabel(x_label)
    figure.legend(loc="outside upper left", ncols=len(curves), fontsize=9.5)
    return rendered(figure, caption)


@styled
def matrix(counts: np.ndarray, names: Sequence[str], *, caption: str = "") -> Chart:
    """Draw confusion counts (m, m): rows are true classes, columns answers, shaded by share of the row.

    Right answers, on the diagonal, are blue, wrong ones orange.
    """
    from matplotlib.patches import Rectangle

    counts = np.asarray(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = len(names)
    figure = empty_figure(1.2 + 0.42 * side, width_inches=min(NARROW_INCHES, 1.2 + 0.42 * side))
    axes = figure.subplots()
    for row, column in np.ndindex(side, side):
        color, share = BLUE if row == column else ORANGE, float(shares[row, column])
        axes.add_patch(Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, color=color, alpha=share, lw=0))
        if counts[row, column]:
            ink = PAPER if share > 0.6 else INK
            axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=ink)
    _mark_matrix(axes, names)
    return rendered(figure, caption)


def _mark_matrix(axes: "Axes", names: Sequence[str]) -> None:
    side, names = max(1, len(names)), list(map(printable, names))
    axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), xlabel="answer", ylabel="true")
    rotation: dict[str, Any] = {"rotation": 45, "ha": "right"} if max(map(len, names), default=0) > 3 else {}
    axes.set_xticks(range(len(names)), names, **rotation)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def empty_figure(height_inches: float, *, width_inches: float = NARROW_INCHES) -> "Figure":
    """Return an empty figure."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def rendered(figure: "Figure", caption: str) -> Chart:
    """Render a figure as SVG and PNG, without a date, so that equal numbers give equal bytes."""
    svg, png = StringIO(), BytesIO()
    metadata = {"Date": None, "Creator": None}
    figure.savefig(svg, format="svg", transparent=True, metadata=metadata)
    figure.savefig(png, format="png", dpi=110, facecolor="white", metadata={"Software": None})
    drawing = svg.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    for color, themed in THEMED.items():
        drawing = drawing.replace(color, themed)
    opening = drawing.index(">") + 1
    return Chart(drawing[:opening] + THEME + drawing[opening:], png.getvalue(), caption)
