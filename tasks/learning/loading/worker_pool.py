"""Worker processes that make arrays from places, called from threads of this process.

A server process that has imported the libraries once forks the workers (`forkserver`), so that a worker
starts in hundredths of a second and shares their memory; this process's threads, its card and Keras are in
none of them. A worker that dies is replaced, and its requests are made again by the next one: what is made is
a function of the place alone, so that the results are the same.
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import reduction
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock
from typing import Any

from tasks.core.errors import UserError
from tasks.learning.loading.shared_arrays import Reader, Written
from tasks.learning.loading.worker import serve

REQUESTS = 2
"""Requests that a worker has at a time, so that it never waits for the next one."""
ATTEMPTS = 3
"""Workers that may die of the same request."""
JOIN_SECONDS = 5
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",  # a process with threads should not fork
    "OMP_NUM_THREADS": "1",
    # glibc: keep freed memory, whose pages the kernel would have to clear again for every photograph
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
}
"""Variables of the server process."""


class LoaderError(Exception):
    """A worker raised an exception, or workers died again and again."""


class WorkerPool:
    """Callable with a place, from threads of this process, until it is closed."""

    def __init__(
        self,
        function: Callable[[Any], Callable[..., Any]],
        job: Any,
        *,
        workers: int,
        imports: tuple[str, ...] = (),
    ) -> None:
        """Start the workers.

        Args:
            function: a function of a module: (job) → function from a place to arrays.
            job: anything that can be pickled.
            imports: names of modules that the server process imports before it forks.
        """
        self._arguments = (function, job)
        self._start_lock = Lock()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*imports])
        with _environment(ENVIRONMENT):
            self._workers = [self._start() for _ in range(workers)]
        self._free: SimpleQueue[int] = SimpleQueue()
        self.lanes = REQUESTS * workers
        """Calls that can be under way at a time; more of them wait."""
        for lane in range(self.lanes):
            self._free.put(lane % workers)

    def __call__(self, *place: Any) -> Any:
        """What is made of the place; named tuples arrive as tuples.

        Raises:
            LoaderError: it raised an exception, or the workers that made it died.
            UserError: it raised one.
        """
        index = self._free.get()
        try:
            return self._ask(index, place)
        finally:
            self._free.put(index)

    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.pid for worker in self._workers]

    def close(self) -> None:
        """End the workers; call when no call is under way."""
        for worker in self._workers:
            worker.close()

    def _ask(self, index: int, place: tuple[Any, ...]) -> Any:
        for _ in range(ATTEMPTS):
            worker = self._workers[index]
            try:
                return worker.ask(place)
            except (EOFError, OSError):
                self._replace(index, worker)
        how = worker.ending()
        raise LoaderError(f"place {place}: {ATTEMPTS} processes that made it {how}")

    def _replace(self, index: int, dead: "_Worker") -> None:
        with self._start_lock:
            if self._workers[index] is dead:  # else another request of the same worker has replaced it
                dead.close()
                self._workers[index] = self._start()

    def _start(self) -> "_Worker":
        own, other = self._context.Pipe()
        process = self._context.Process(target=serve, args=(other, *self._arguments), daemon=True)
        process.start()
        other.close()  # else the end of the worker would not be noticed
        return _Worker(process, own)


class _Worker:
    """A worker process and the connection to it. Replies come in the order of the requests."""

    def __init__(self, process: Any, connection: Connection) -> None:
        self._process, self._connection, self._reader = process, connection, Reader()
        self._sending, self._receiving = Lock(), Lock()
        self.pid: int = process.pid

    def ask(self, place: tuple[Any, ...]) -> Any:
        """Send a request and wait for its reply; a second thread may do the same meanwhile.

        Raises:
            EOFError, OSError: the worker is dead.
        """
        segment = self._reader.take()
        with self._sending:
            self._connection.send_bytes(json.dumps([place, segment]).encode())
            self._receiving.acquire()  # before the next request is sent, so that replies go to their senders
        try:
            reply = json.loads(self._connection.recv_bytes())
            if "error" in reply:
                raise _error(reply["error"])
            written = Written(*reply["written"])
            if segment is None:
                written = written._replace(descriptor=reduction.recv_handle(self._connection))
        finally:
            self._receiving.release()
        return self._reader.read(*written)

    def ending(self) -> str:
        """How the process ended, for a message."""
        code = self._process.exitcode
        if code == -signal.SIGKILL:
            return "were killed by SIGKILL (the kernel does this when memory runs out)"
        return f"ended with code {code}"

    def close(self) -> None:
        """Close the connection, on which the process ends, and wait for that."""
        self._connection.close()
        self._reader.close()
        self._process.join(JOIN_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _error(described: dict[str, Any]) -> Exception:
    if described["user_error"]:
        return UserError(described["message"])
    error = LoaderError(f"{described['type']}: {described['message']}")
    error.add_note(f"In the worker:\n{described['traceback']}")
    return error


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables of processes that start within this block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
