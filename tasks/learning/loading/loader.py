"""Batches made ahead, by worker processes or by threads.

What is made is a function of the place alone (stage, epoch and step, or a position). So neither the number
of workers, nor their kind, nor the order in which they finish can change a result, and it can begin at any
place.

Python runs one thread at a time: where records are drawn, resized and augmented, a second thread adds little
or slows the first. Two processes make 1.9 times as much as one, but take a moment to start. They are used
beside a graphics card; on a processor a network takes far longer for a photograph than threads, which make
1,300 of the heaviest views a second (`tests.benchmarks.bench_loader`, 2 slow cores).

Grain 0.2.18, a library made for this, was weighed with the same function, the median of three alternating
rounds on 2 cores: resized and flipped views 4,519 a second here and 630 there in one process, 6,061 and 1,140
in two; crops with colours and cutouts 1,568 and 508, 2,859 and 913; the first batch after 0.05 s and 1.5 s.
"""

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from tasks.learning.loading.prefetching import prefetch
from tasks.learning.loading.worker_pool import WorkerPool

T = TypeVar("T")
Place = tuple[Any, ...]
"""JSON values, such as numbers."""

THREADS = 2
"""Threads where no number is given; a training on a processor has one core."""
DEPTH = 4
"""Fewest results that are made ahead."""


class Source(NamedTuple):
    """What worker processes make. They import what the function's module imports: no backend."""

    function: Callable[[Any], Callable[..., Any]]
    """A function of a module: (job) → function from the values of a place to arrays, in dicts and tuples."""
    job: BaseModel
    imports: tuple[str, ...] = ()
    """Modules that take long to import, and that all workers need."""


def made_ahead(
    make: Callable[..., T],
    places: Iterable[Place],
    *,
    source: Source | None = None,
    workers: int = 0,
    processes: bool = False,
) -> Generator[T, None, None]:
    """Yield `make(*place)` for each place in order, made ahead.

    Threads and processes end with the generator. Use `contextlib.closing` to be sure that it is closed.

    Args:
        make: called in threads of this process where there are no worker processes.
        places: may be infinite.
        source: of the same results, for worker processes, from which named tuples come as tuples; None:
            threads are enough.
        workers: number of threads or processes; 0: chosen for this machine.
        processes: whether to use processes if there is a source.

    Raises:
        LoaderError: a worker process raised an exception; the place of its result has been reached.
    """
    if source is None or not processes:
        threads = workers or THREADS
        yield from prefetch(lambda at: make(*at), places, workers=threads, depth=max(DEPTH, threads))
        return
    imports = (source.function.__module__, *source.imports)
    pool = WorkerPool(source.function, source.job, workers=workers or free_cores(), imports=imports)
    with closing(pool):
        depth = max(DEPTH, pool.lanes)
        with closing(prefetch(lambda at: pool(*at), places, workers=pool.lanes, depth=depth)) as results:
            yield from results


def free_cores() -> int:
    """Cores that a training on a graphics card may use beside its own: an equal share for each card."""
    cards = int(os.environ.get("PODIUM_CARDS") or 1)
    return max(1, len(os.sched_getaffinity(0)) // cards - 1)
