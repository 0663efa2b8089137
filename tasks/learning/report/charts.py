"""Charts of training and of its results, drawn with matplotlib to SVG and PNG.

No global state of pyplot is touched, and the same numbers give the same bytes. In the SVG colours follow the
reader's theme on a transparent ground, so that one drawing suits a light and a dark page; the PNG is dark on
white. The palette is that of Okabe and Ito (2008), made to be told apart by colour-blind readers.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

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
"""What these colours become in the SVG; on dark paper the blue is the palette's sky blue."""
THEME = (
    f"<style>svg{{color:{INK};--paper:{PAPER};--blue:{BLUE}}}"
    "@media(prefers-color-scheme:dark){svg{color:#e4e8ec;--paper:#14171a;--blue:#56b4e9}}</style>"
)
TITLES = {"f1": "F1"}
"""Of panels whose title is not the name of what they show."""
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
History = Sequence[Mapping[str, Any]]
WIDE_INCHES = 7.6
NARROW_INCHES = 5.6
"""Still readable on a phone without scrolling sideways."""


def learning_curves(histories: Mapping[str, History], *, caption: str = "") -> Chart:
    """Loss, metric and learning rate of each training, one row of panels a member.

    Args:
        histories: epochs of each training by "member, fold f": `stage`, `loss`, `learning_rate`, and
            what else was measured of training records (`accuracy`) and, under names that begin with
            `held_out_`, of held-out ones. Trainings with the same words before the comma share a row.
    """
    from matplotlib import rc_context

    members, measured = _by_member(histories), _measured(histories)
    panels = ["loss", *measured, "learning_rate"]
    widths = [4] * (len(panels) - 1) + [3]
    with rc_context(STYLE):
        figure = blank(max(1, len(members)) * 2.35, width_inches=WIDE_INCHES)
        parts = figure.subfigures(max(1, len(members)), 1, squeeze=False)[:, 0]
        for part, (member, trainings) in zip(parts, members.items(), strict=False):
            part.suptitle(member, x=0.01, ha="left", fontsize=11, fontweight="bold")
            row = part.subplots(1, len(panels), gridspec_kw={"width_ratios": widths})
            for axes, name in zip(row, panels, strict=True):
                _curves(axes, trainings, name)
                axes.set_title(TITLES.get(name, name.replace("_", " ")))
        return drawn(figure, caption)


def _measured(histories: Mapping[str, History]) -> list[str]:
    """What was measured beside the loss, of training records or of held-out ones."""
    fields = {field for history in histories.values() for epoch in history for field in epoch}
    names = {field.removeprefix("held_out_") for field in fields}
    return sorted(names - {"stage", "epoch", "seconds", "loss", "learning_rate"})


def member_of(training: str) -> str:
    """The member that a training is of: what stands before the last comma of its name."""
    return training.rpartition(",")[0] or training


def _by_member(histories: Mapping[str, History]) -> dict[str, list[History]]:
    members: dict[str, list[History]] = {}
    for name, history in histories.items():
        members.setdefault(member_of(name), []).append(history)
    return members


def _curves(axes: "Axes", trainings: Sequence[Sequence[Mapping[str, Any]]], key: str) -> None:
    """One thin line a training: the training records dashed, the held-out records solid."""
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


def bars(
    names: Sequence[str],
    values: Sequence[float],
    *,
    errors: Sequence[float] | None = None,
    title: str,
    caption: str = "",
) -> Chart:
    """Horizontal bars from zero, the first on top; with `errors`, points with whiskers that long.

    A bar from zero hides differences that are small against the value, which scores often are:
    points let the axis begin where the values do.
    """
    from matplotlib import rc_context

    places = np.arange(len(names))
    with rc_context(STYLE):
        figure = blank(0.75 + 0.34 * max(1, len(names)))
        axes = figure.subplots()
        if errors is None:
            axes.barh(places, values, height=0.62, color=BLUE)
            ends, texts = np.asarray(values), formatting.texts(values)
        else:
            axes.errorbar(values, places, xerr=errors, fmt="o", color=BLUE, capsize=3, linewidth=1.6)
            ends, texts = np.add(values, errors), formatting.texts(list(map(Estimate, values, errors)))
        for place, text, end in zip(places, texts, ends, strict=True):
            axes.annotate(text, (end, place), (6, 0), textcoords="offset points", va="center")
        axes.set_yticks(places, list(names))
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        axes.set_title(title)
        return drawn(figure, caption)


def lines(
    places: Sequence[float] | np.ndarray,
    curves: Mapping[str, Sequence[float]],
    *,
    mark: float,
    x_label: str,
    caption: str = "",
) -> Chart:
    """Up to three curves over the same places, the last drawn strongest, and a dotted line at `mark`."""
    from matplotlib import rc_context

    colors = (BLUE, ORANGE, INK)[-len(curves) :]
    with rc_context(STYLE):
        figure = blank(3.4)
        axes = figure.subplots()
        for (name, values), color in zip(curves.items(), colors, strict=True):
            axes.plot(places, values, color=color, linewidth=1.8 if color == INK else 1.3, label=name)
        axes.axvline(mark, color=INK, alpha=0.6, linewidth=1.0, linestyle=":")
        axes.grid(axis="y")
        axes.set_xlabel(x_label)
        figure.legend(loc="outside upper left", ncols=len(curves), fontsize=9.5)
        return drawn(figure, caption)


def matrix(counts: np.ndarray, names: Sequence[str], *, caption: str = "") -> Chart:
    """Confusion counts (m, m): rows the true classes, columns the answers, shaded by share of row.

    Right answers, on the diagonal, are blue and mistakes orange.
    """
    from matplotlib import rc_context
    from matplotlib.patches import Rectangle

    counts = np.asarray(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = len(names)
    with rc_context(STYLE):
        figure = blank(1.2 + 0.42 * side, width_inches=min(NARROW_INCHES, 1.2 + 0.42 * side))
        axes = figure.subplots()
        for row, column in np.ndindex(side, side):
            color, share = BLUE if row == column else ORANGE, float(shares[row, column])
            axes.add_patch(Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, color=color, alpha=share, lw=0))
            if counts[row, column]:
                ink = PAPER if share > 0.6 else INK
                axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=ink)
        _mark_matrix(axes, names)
        return drawn(figure, caption)


def _mark_matrix(axes: "Axes", names: Sequence[str]) -> None:
    side = max(1, len(names))
    axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), xlabel="answer", ylabel="true")
    slant: dict[str, Any] = {"rotation": 45, "ha": "right"} if max(map(len, names), default=0) > 3 else {}
    axes.set_xticks(range(len(names)), list(names), **slant)
    axes.set_yticks(range(len(names)), list(names))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def blank(height_inches: float, *, width_inches: float = NARROW_INCHES) -> "Figure":
    """An empty drawing."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def drawn(figure: "Figure", caption: str) -> Chart:
    """Both forms of the drawing; without a date, so that equal numbers give equal bytes."""
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
