"""Jumps of the clock, by libfaketime: the system's own clock belongs to others too."""

import os
from functools import cache
from pathlib import Path

from tests.chaos.faults.fault import Fault
from tests.chaos.trial import Trial

VARIABLE = "PODIUM_CHAOS_FAKETIME"
"""Names the library where Debian's package is not installed."""
JUMPS = ("-400d", "-26h", "-61m", "-30s", "-2s", "+2s", "+30s", "+61m", "+26h", "+400d")


@cache
def library() -> Path | None:
    """libfaketime for programs with threads."""
    named = [os.environ[VARIABLE]] if VARIABLE in os.environ else []
    found = [*map(Path, named), *sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))]
    return next((path for path in found if path.is_file()), None)


def no_library() -> str:
    """Why the clock cannot be moved here."""
    return "" if library() else f"libfaketime is not installed, nor named in {VARIABLE}"


def jump(trial: Trial) -> None:
    """While the command runs, or from the beginning; the next command may have the right time again."""
    clock, offset = trial.folder / "clock", trial.random.choice(JUMPS)
    clock.write_text("+0")
    trial.variables = {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    if trial.random.random() < 0.3:
        clock.write_text(offset)
        command = trial.start()
    else:
        command = trial.start()
        trial.moment(command)
        clock.write_text(offset)
    trial.note(f"the clock jumps by {offset}")
    if trial.random.random() < 0.4:
        trial.moment(command)
        clock.write_text(trial.random.choice(JUMPS))
        trial.note(f"and to {clock.read_text()}")
    trial.finish(command)
    trial.variables = {}


FAULTS = (Fault("clock jumps", jump, reason_against=no_library, share=4),)
