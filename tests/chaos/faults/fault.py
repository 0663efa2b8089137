"""What a kind of fault is."""

from collections.abc import Callable
from typing import NamedTuple

from tests.chaos.trial import Trial

RUNS = ("dogs", "extraction", "nl2sql")
ALL = (*RUNS, "search", "predict")


def always() -> str:
    """No reason against it."""
    return ""


class Fault(NamedTuple):
    """A kind of fault."""

    name: str
    act: Callable[[Trial], None]
    """Give the command, do the fault to it, and see it end; raises Missed where it could not be done."""
    subjects: tuple[str, ...] = ALL
    reason_against: Callable[[], str] = always
    """Why it cannot be done on this machine; empty if it can."""
    needs_child: bool = False
    """Whether there must be a child process, so that a training or a prediction is always to do."""
    share: int = 2
    """How often it is drawn, beside the others."""
