"""How a run can be stopped: what it says, its exit code, and what Prefect's server shows of it then.

Each row is a process of its own (`tests/flows/runtime/test_stopped_runs.py`); two slow ones differ from
SIGTERM in the signal alone.
"""

import signal
from typing import NamedTuple


class Stop(NamedTuple):
    """A row of the table of stops."""

    what: str
    signal: signal.Signals | None
    """What the process is sent; None: the run is cancelled through Prefect's API, as its pages do."""
    code: int
    prints: tuple[str, ...]
    """The beginnings of all lines that Podium says."""
    state: str
    """Of the run and of each of its steps, at the latest after the next command."""
    is_slow: bool = False

    @property
    def is_said(self) -> bool:
        """Whether the process itself says that it was stopped."""
        return self.signal is not signal.SIGKILL


INTERRUPTED = "podium: interrupted; finished steps and checkpoints are kept. The same command continues:"
BY_HAND = "podium: the run was cancelled in Prefect"
STOPS = (
    Stop("Ctrl-C", signal.SIGINT, 130, (INTERRUPTED,), "Cancelled", is_slow=True),
    Stop("`kill` (SIGTERM)", signal.SIGTERM, 130, (INTERRUPTED,), "Cancelled"),
    Stop("The terminal is closed (SIGHUP)", signal.SIGHUP, 130, (INTERRUPTED,), "Cancelled", is_slow=True),
    Stop("*Cancel* on the run's page", None, 130, (BY_HAND, INTERRUPTED), "Cancelled"),
    Stop("`kill -9`, and then the next command", signal.SIGKILL, -9, (), "Crashed"),
)
