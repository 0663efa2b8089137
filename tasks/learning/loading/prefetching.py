"""Prefetching: results of the next steps, computed ahead by threads, in the order of the steps."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def prefetch(
    make: Callable[[S], T], steps: Iterable[S], *, workers: int, depth: int
) -> Generator[T, None, None]:
    """Yield `make(step)` for each step in order, computing at most `depth` results ahead.

    Threads start with the first `next` and end when the iterator ends or is closed, also after an exception
    on either side; they finish the calls that are running. An exception of `make` is raised in the place of
    its result. Use `contextlib.closing` to be sure that the iterator is closed.

    Args:
        make: called in threads, so calls must not share mutable state.
        steps: may be infinite.
        workers: number of threads, at least one.
        depth: largest number of results not yet yielded; with fewer than `workers` some threads are idle.

    Raises:
        ValueError: `workers` or `depth` is below one.
    """
    if workers < 1 or depth < 1:
        raise ValueError(f"prefetch: expected at least 1, got {workers=}, {depth=}")
    return _prefetch(make, iter(steps), workers=workers, depth=depth)


def _prefetch(
    make: Callable[[S], T], steps: Iterator[S], *, workers: int, depth: int
) -> Generator[T, None, None]:
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="prefetch") as pool:
        try:
            pending.extend(pool.submit(make, step) for step in islice(steps, depth))
            while pending:
                result = pending.popleft().result()
                pending.extend(pool.submit(make, step) for step in islice(steps, 1))
                yield result
        finally:
            for future in pending:
                future.cancel()
