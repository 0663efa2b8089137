"""Messages from a child process to its parent: log lines, progress, and errors that a user can correct.

A message is one line of the child's standard output: `MARK`, then JSON. An epoch is sent as
`{"epoch": 3, "total": 20, "figures": {"loss": 0.12, …}, "rate": 9.5, "unit": "steps", "seconds_left": 40.0}`,
a number of finished records as `{"done": 640, "total": 1280, "unit": "questions", …}`, a log line as
`{"text": …}`, that libraries are loaded as `{"loads": …}`, and a UserError as `{"mistake": …}`.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tasks.core.errors import UserError

MARK = "\x1e"
"""Control character before a message; other lines of the output come from libraries."""


class EpochProgress(NamedTuple):
    """A finished epoch of a training."""

    epoch: int
    """From 1 on, over all stages."""
    total: int
    """Epochs of the whole training."""
    figures: Mapping[str, float]
    """Loss, accuracy and `held_out_…` figures, at full precision."""
    rate: float
    """Units per second in this epoch."""
    unit: str
    seconds_left: float

    def text(self) -> str:
        """The log line."""
        speed = f"{self.rate:.1f} {self.unit}/s, {self.seconds_left:.0f} s left"
        return f"epoch {self.epoch} of {self.total}: {self.figures_text()}, {speed}"

    def figures_text(self) -> str:
        """All figures in one line."""
        return ", ".join(f"{name} {value:.4g}" for name, value in self.figures.items())


class RecordProgress(NamedTuple):
    """How many records are finished."""

    done: int
    total: int
    unit: str
    """What is counted, in the plural: `questions`."""
    rate: float
    """Units per second."""
    seconds_left: float

    def text(self) -> str:
        """The log line."""
        return f"{self.done} of {self.total} {self.unit}, {self.rate:.1f}/s, {self.seconds_left:.0f} s left"


class Loading(NamedTuple):
    """A child loads libraries, before it begins to work."""

    loads: str
    """Which; empty when it has loaded them."""

    def text(self) -> str:
        """The log line."""
        return f"loads {self.loads}" if self.loads else "has loaded its libraries"


TECHNICAL = "shapes of batches"
"""Lines that begin with this are for those who look for the reason of a slow training."""
Message = str | EpochProgress | RecordProgress | Loading
"""What a child reports; a string is a line for the log."""


def send(message: Message | UserError) -> None:
    """Print the message as a line that the parent process parses."""
    sys.stdout.write(f"{to_line(message)}\n")
    sys.stdout.flush()


def to_line(message: Message | UserError) -> str:
    """The line that carries a message, without its line end."""
    fields: dict[str, object]
    if isinstance(message, str):
        fields = {"text": message}
    elif isinstance(message, UserError):
        fields = {"mistake": str(message)}
    else:
        fields = message._asdict()
    return f"{MARK}{json.dumps(fields, ensure_ascii=False)}"


def parse(text: str) -> Message | UserError:
    """The message of a line, given what follows `MARK`."""
    try:
        fields = json.loads(text)
    except ValueError:  # a line that a full disk has cut
        return text
    if "mistake" in fields:
        return UserError(fields["mistake"])
    if "loads" in fields:
        return Loading(**fields)
    if "epoch" in fields:
        return EpochProgress(**fields)
    if "done" in fields:
        return RecordProgress(**fields)
    return str(fields["text"])


class Progress:
    """Counts finished records and sends a RecordProgress at most every few seconds."""

    def __init__(
        self, unit: str, total: int, *, send: Callable[[Message], None] = send, every_seconds: float = 10
    ) -> None:
        self._unit, self._total, self._send, self._every_seconds = unit, total, send, every_seconds
        self._began = self._sent = time.monotonic()
        self._start: int | None = None

    def at(self, done: int) -> None:
        """Note that `done` of the total are finished; the first call sets where the rate counts from."""
        if self._start is None:
            self._start = done
        now = time.monotonic()
        if now - self._sent < self._every_seconds or done <= self._start:
            return
        self._sent = now
        rate = (done - self._start) / (now - self._began)
        seconds_left = (self._total - done) / rate
        self._send(RecordProgress(done, self._total, self._unit, rate, seconds_left))
