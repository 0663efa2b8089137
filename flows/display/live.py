"""The live display of a run in a terminal; elsewhere a run's log is written line by line."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from flows.console import CompactHandler, show_logs
from flows.display import start_notice
from flows.display.board import STEPS, Board, Plan
from flows.display.lines import display_lines
from tasks.core.execution import activity, stopping
from tasks.core.execution.slots import slot_names

FIRST_PLAN_SECONDS = 2.0
"""When a run is planned for the display; one whose steps are cached has ended by then."""
PLAN_AGAIN = 5.0
"""A plan that lacks the time of steps is made again when the run is so many times as old."""
PER_SECOND = 4.0
log = logging.getLogger("podium")


@contextmanager
def showing_run(
    plan: Plan | None = None, *, noun: str = STEPS, ends_at: float | None = None
) -> Iterator[None]:
    """Within the block, show the log of the run, and in a terminal what its steps do now.

    Args:
        plan: makes the plan of the run, from which come the number of its steps and the time left.
        noun: what the run counts, in the plural.
        ends_at: the moment of the monotonic clock at which a limit ends the run.
    """
    start_notice.end()
    handler = show_logs()
    if not handler.can_be_live:
        with handler.holding_reasons():
            yield
        return
    board, ended = Board(slots=len(slot_names()), noun=noun, ends_at=ends_at), Event()
    if plan is not None:
        Thread(target=_keep_planned, args=(board, plan, ended), daemon=True).start()
    try:
        with handler.holding_reasons(), _live(handler, board):
            yield
    finally:
        ended.set()


@contextmanager
def _live(handler: CompactHandler, board: Board) -> Iterator[None]:
    """Within the block, the display stands below the lines of the log; at its end it disappears."""
    from rich.live import Live

    console = handler.console

    def render() -> Any:
        try:
            return _text(board, width=console.width, height=console.height)
        except Exception as error:  # a fault of the display ends no run
            return f"no display: {error!r}"

    live = Live(console=console, get_renderable=render, refresh_per_second=PER_SECOND, transient=True)

    def end() -> None:
        Thread(target=live.stop, daemon=True).start()  # a terminal that takes no output must not hold it up

    with live, handler.beside_display(board.end), stopping.on_stop(end):
        console.show_cursor(True)  # a killed process could not bring it back
        yield


def _text(board: Board, *, width: int, height: int) -> Any:
    from rich.text import Text

    lines = display_lines(activity.running(), board.counts(), width=width - 1, height=height - 2)
    texts = [Text(line, no_wrap=True) for line in lines]
    texts[-1].stylize("bold")
    rule = Text("-" * (width - 1), style="dim", no_wrap=True)
    return Text("\n").join([rule, *texts])


def _keep_planned(board: Board, plan: Callable[[], Any], ended: Event) -> None:
    """Plan the run once it has begun, and again at times while the time of steps is unknown."""
    seconds = FIRST_PLAN_SECONDS
    while not ended.wait(seconds):
        try:
            board.plan(plan())
            if board.time_is_known:
                return
        except Exception as error:  # the run itself shows what is wrong
            log.debug("the run could not be planned: %s", error)
        seconds *= PLAN_AGAIN
