"""A message while a command loads Prefect and other libraries, where that takes long, as on a first start."""

from threading import Timer

from flows.console import inform, verbosity

SECONDS = 4.0
"""After this long it is said."""
TEXT = "loading libraries; the first start after an installation takes longest"
_timers: list[Timer] = []


def begin() -> None:
    """Say it, unless `end` comes first; nothing with `--quiet`."""
    if verbosity.get() == "quiet":
        return
    timer = Timer(SECONDS, inform, [TEXT])
    timer.daemon = True
    _timers.append(timer)
    timer.start()


def end() -> None:
    """Say it no more: the run is shown from here on."""
    while _timers:
        _timers.pop().cancel()
