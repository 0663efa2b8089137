"""The end of this process on a signal: its steps end at once, whatever they compute or wait for.

`stop` is called once, by the listener for signals, before the child processes are ended. From then on no step
begins, no child process starts, and whoever waits for a slot, a lock or another machine gives up. A step that
computes in this process cannot be interrupted: the thread that waits for it goes on without it, and it ends
with the process. Nothing that it leaves half-written is ever used.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

Result = TypeVar("Result")


class Stopped(Exception):
    """The process is ending; what raises this has stored nothing."""


_guard = threading.Lock()
_stopping = threading.Event()
_callbacks: list[Callable[[], object]] = []


def stop() -> None:
    """End all steps of this process; further calls do nothing."""
    with _guard:
        if _stopping.is_set():
            return
        _stopping.set()
        callbacks = list(_callbacks)
    for call in callbacks:
        call()


def is_stopping() -> bool:
    """Whether the process is ending."""
    return _stopping.is_set()


def raise_if_stopping() -> None:
    """Raise Stopped if the process is ending."""
    if _stopping.is_set():
        raise Stopped


@contextmanager
def on_stop(call: Callable[[], object]) -> Iterator[None]:
    """Within the block, call this when the process begins to end; at once if it is ending already."""
    with _guard:
        late = _stopping.is_set()
        if not late:
            _callbacks.append(call)
    if late:
        call()
    try:
        yield
    finally:
        if not late:
            with _guard:
                _callbacks.remove(call)


def until_stopped(function: Callable[[], Result]) -> Result:
    """The result of a function, which runs in another thread in this context, or what it raises.

    Raises:
        Stopped: the process is ending; the function, if it has begun, goes on and nobody waits for it.
    """
    raise_if_stopping()
    ended, results, failures = threading.Event(), list[Result](), list[BaseException]()

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            failures.append(error)
        finally:
            ended.set()

    with on_stop(ended.set):
        threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
        ended.wait()
    raise_if_stopping()  # also where a child process was ended first, and the function failed of it
    if failures:
        raise failures[0]
    return results[0]
