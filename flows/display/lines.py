"""The lines of a live display, as text that fits into a terminal: pure functions of what steps do.

Nothing is wrapped. What has no room is left out or shortened: words and the bar, then figures of epochs, then
the middle of labels. All is ASCII, whatever the terminal's encoding and its widths of other characters.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from flows.humanize import about, duration
from tasks.core.execution.activity import Activity
from tasks.core.execution.child_messages import EpochProgress
from tasks.core.printable import printable

GAP = "  "
LEAST_LABEL = 12
"""Characters of a label that are shown even where other columns have no room then."""
WIDE = 100
"""Columns of a terminal from which on numbers have words, and a bar."""
BAR = 20


class RunCounts(NamedTuple):
    """How far a run is."""

    done: int
    cached: int
    """Of those that are done."""
    total: int | None
    """None: not known; 0: none has begun yet."""
    seconds: float
    """Since the run began."""
    seconds_left: float | None = None
    noun: str = "steps"
    """What is counted, in the plural."""
    bound: Literal["about", "more than", "at most"] = "about"
    """`more than` where the time of some steps is unknown, `at most` where a limit ends the run then."""


def display_lines(activities: Sequence[Activity], counts: RunCounts, *, width: int, height: int) -> list[str]:
    """A line for each step, those that work first, and one for the run, in at most `height` lines."""
    ordered = sorted(activities, key=lambda each: bool(each.waits_for))
    room = height - 1
    shown = ordered if len(ordered) <= room else ordered[: max(room - 1, 0)]
    rows = [_cells(each, wide=width >= WIDE) for each in shown]
    lines = _table(rows, width)
    if len(shown) < len(ordered) and room:
        lines.append(f"and {len(ordered) - len(shown)} more")
    return [line[:width] for line in [*lines, run_line(counts)]]


def run_line(counts: RunCounts) -> str:
    """The line for the run.

    >>> run_line(RunCounts(done=12, cached=5, total=31, seconds=83, seconds_left=130))
    '12 of 31 steps done, 5 cached  1 min 23 s, about 2 min left'
    """
    cached = f", {counts.cached} cached" if counts.cached else ""
    times = [duration(counts.seconds) if counts.seconds >= 60 else about(counts.seconds)]
    if counts.seconds_left is not None:
        times.append(f"{counts.bound} {about(counts.seconds_left)} left")
    of = "" if counts.total is None else f" of {counts.total}"
    done = "starting" if counts.total == 0 else f"{counts.done}{of} {counts.noun} done{cached}"
    return f"{done}{GAP}{', '.join(times)}"


class _Cells(NamedTuple):
    """The cells of a step's line; those of a column are as wide as the longest."""

    label: str
    position: str = ""
    left: str = ""
    rest: tuple[str, ...] = ()
    """The most important first."""
    share: float | None = None
    """How much of the step is done."""


def _cells(activity: Activity, *, wide: bool) -> _Cells:
    label = printable(activity.label).encode("ascii", "backslashreplace").decode()
    progress = activity.progress
    if activity.waits_for:
        return _Cells(label, rest=(f"waits for {activity.waits_for}",))
    if progress is None:
        loads = (f"loads {activity.loads}",) if activity.loads else ()
        return _Cells(label, f"for {about(activity.worked_seconds)}", rest=loads)
    left, of = f"{about(activity.seconds_left or 0.0)} left", " of " if wide else "/"
    if isinstance(progress, EpochProgress):
        names = _by_importance(progress.figures)
        figures = tuple(f"{_figure_name(name)} {progress.figures[name]:.4g}" for name in names)
        position = f"{'epoch ' * wide}{progress.epoch}{of}{progress.total}"
        rate, share = f"{progress.rate:.1f}{' steps' * wide}/s", progress.epoch / progress.total
        return _Cells(label, position, left, (*figures[:1], rate, *figures[1:]), share)
    position, share = f"{progress.done:,}{of}{progress.total:,}", progress.done / max(progress.total, 1)
    return _Cells(label, position, left, (f"{progress.rate:,.0f}/s", progress.unit), share)


def _by_importance(figures: Iterable[str]) -> list[str]:
    """Names of figures: those of held-out records but the loss, then losses, then others."""

    def rank(name: str) -> int:
        return 1 if "loss" in name else 0 if name.startswith("held_out_") else 2

    return sorted(figures, key=rank)


def _figure_name(name: str) -> str:
    return name.replace("held_out_", "held-out ").replace("_", " ")


def _table(rows: Sequence[_Cells], width: int) -> list[str]:
    """The rows with aligned columns; labels are shortened where they leave no room for the numbers."""
    columns = [
        max((len(cell) for cell in column), default=0)
        for column in zip(*(row[1:3] for row in rows), strict=True)
    ]
    numbers = sum(len(GAP) + column for column in columns if column)
    longest = max((len(row.label) for row in rows), default=0)
    label = min(longest, max(LEAST_LABEL, width - numbers))
    bar = BAR if width >= WIDE else 0
    return [_row(row, label, columns, bar, width) for row in rows]


def _row(row: _Cells, label: int, columns: Sequence[int], bar: int, width: int) -> str:
    cells = [shortened(row.label, label).ljust(label)]
    if bar and any(columns):
        cells.append((_bar(row.share) if row.share is not None else "").ljust(bar))
    cells += [cell.rjust(column) for cell, column in zip(row[1:3], columns, strict=True) if column]
    line = GAP.join(cells)
    if not any(row[1:3]):  # what it waits for stands in place of the numbers
        line = line[:label].rstrip().ljust(label)
    for text in row.rest:
        if len(line) + len(GAP) + len(text) > width:
            break
        line += f"{GAP}{text}"
    return line.rstrip()


def _bar(share: float) -> str:
    full = round(min(max(share, 0.0), 1.0) * BAR)
    return "#" * full + "-" * (BAR - full)


def shortened(text: str, width: int) -> str:
    """The text in at most so many characters, its beginning and end.

    >>> shortened("train two-stage fold 3", 16)
    'train tw..fold 3'
    """
    if len(text) <= width:
        return text
    end = min(max(width - 4, 1) // 2, len(text))
    return f"{text[: width - 2 - end]}..{text[len(text) - end :]}"
