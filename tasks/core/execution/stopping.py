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
from typing import Generic, TypeVar

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


class Call(Generic[Result]):
    """A call of a function in a daemon thread of its own, in the context of the thread that makes it."""

    def __init__(self, function: Callable[[], Result], *, name: str | None = None) -> None:
        self._woken = threading.Event()
        self._results, self._failures = list[Result](), list[BaseException]()
        arguments = (self._run, function)
        self.thread = threading.Thread(target=copy_context().run, args=arguments, name=name, daemon=True)
        self.thread.start()

    def _run(self, function: Callable[[], Result]) -> None:
        try:
            self._results.append(function())
        except BaseException as error:
            self._failures.append(error)
        finally:
            self._woken.set()

    def wait(self) -> None:
        """Wait until the function has ended, or the process is ending."""
        with on_stop(self._woken.set):
            self._woken.wait()

    @property
    def has_returned(self) -> bool:
        """Whether the function has ended without an error."""
        return bool(self._results)

    def result(self) -> Result:
        """What the function has returned, or raised; call when it has ended."""
        if self._failures:
            raise self._failures[0]
        return self._results[0]


def until_stopped(function: Callable[[], Result]) -> Result:
    """The result of a function, which runs in another thread in this context, or what it raises.

    Raises:
        Stopped: the process is ending; the function, if it has begun, goes on and nobody waits for it.
    """
    raise_if_stopping()
    call = Call(function)
    call.wait()
    raise_if_stopping()  # also where a child process was ended first, and the function failed of it
    return call.result()
