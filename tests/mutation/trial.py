"""One trial of an input, and the class that it falls into."""

import io
import resource
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

from tasks.core.errors import UserError
from tests.mutation.inputs import Input, Maker, Place

Class = Literal[
    "refused", "accepted", "wrongly refused", "wrongly accepted", "unclear", "traceback", "hang", "memory"
]
CLASSES: tuple[Class, ...] = (
    "refused",
    "accepted",
    "wrongly refused",
    "wrongly accepted",
    "unclear",
    "traceback",
    "hang",
    "memory",
)
RIGHT: tuple[Class, ...] = ("refused", "accepted")
MOST_GROWTH_BYTES = 1_500_000_000
"""Of a process in one trial; with what it takes before this stays below 2 GB."""
SPARE_BYTES = 6_000_000_000
"""Of addresses beyond those in use at the start: what is larger ends in a MemoryError."""
MOST_LINES = 40
"""Of a message."""


class Outcome(NamedTuple):
    """What came of an input."""

    kind: str
    number: int
    name: str
    found: Class
    text: str
    """The message or the end of the traceback."""
    seconds: float
    grown: int
    """Bytes by which the process grew at most."""


def tried(kind: str, number: int, make: Maker, place: Place, seed: int) -> Outcome:
    """Make an input and try it in this process."""
    place.clear()
    made = make(place, Random(f"{seed}:{kind}:{number}"))
    before = _reset_peak()
    start = time.monotonic()
    found, text = _class_of(made)
    seconds, grown = time.monotonic() - start, _status("VmHWM") - before
    if grown > MOST_GROWTH_BYTES:
        found = "memory"
    return Outcome(kind, number, made.name, found, text, seconds, grown)


def limit_addresses() -> None:
    """Let this process take only so much more than it has."""
    most = _status("VmSize") + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _class_of(made: Input) -> tuple[Class, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            made.act()
    except UserError as error:
        return _of_refusal(made, str(error))
    except SystemExit as end:
        if end.code == 2:
            return _of_refusal(made, _message(err.getvalue()))
        return "traceback", f"exit code {end.code}: {err.getvalue()[-600:]}"
    except MemoryError:
        return "memory", traceback.format_exc()[-600:]
    except BaseException:
        return "traceback", traceback.format_exc()[-1500:]
    if made.expected == "refused":
        return "wrongly accepted", out.getvalue()[-300:]
    return "accepted", ""


def _message(text: str) -> str:
    """The message that a command has ended with; logs and typer's own form of messages are left out."""
    if "Usage:" in text:
        return text
    _, mark, message = text.partition("podium: ")
    return message if mark and "\npodium: " not in message else ""


def _of_refusal(made: Input, message: str) -> tuple[Class, str]:
    if made.expected == "accepted":
        return "wrongly refused", message
    is_clear = len(message) >= 10 and len(message.splitlines()) <= MOST_LINES and "Traceback" not in message
    return ("refused" if is_clear else "unclear"), message


def _reset_peak() -> int:
    """Start the count of the most memory anew; returns what is in use."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
