"""Which records make a batch, and batches made ahead of time by threads.

What a batch holds is a function of the seed and the step alone. How many threads work, and in which
order they finish, cannot change a training; and a training can resume at any step.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

T = TypeVar("T")

# Streams of random numbers for different ends, so that equal seeds do not tie them together.
_ORDER, _PAIRS = 0, 1


def order(count: int, *, seed: int, epoch: int) -> np.ndarray:
    """(count,) int64, a permutation of the records for this epoch."""
    return _generator(seed, _ORDER, epoch).permutation(count)


def class_pairs(labels: np.ndarray, *, batch_size: int, seed: int, step: int) -> np.ndarray:
    """(batch_size,) int64 indices of `labels`: distinct classes, two records of each side by side.

    Larger classes are drawn more often, in proportion to their records. When there are fewer than
    batch_size / 2 classes, each stands for several pairs; a class with too few records repeats
    them, all equally often up to one. An odd batch size leaves the last record without its fellow.
    """
    generator = _generator(seed, _PAIRS, step)
    classes, counts = np.unique(labels, return_counts=True)
    pair_count = -(-batch_size // 2)
    rounds, rest = divmod(pair_count, len(classes))
    pairs = np.full(len(classes), rounds)
    pairs[_drawn(counts, rest, generator=generator)] += 1

    chosen = [
        np.resize(generator.permutation(np.flatnonzero(labels == classes[position])), 2 * number)
        for position, number in enumerate(pairs)
        if number
    ]
    couples = np.concatenate(chosen).reshape(pair_count, 2)
    return generator.permutation(couples).reshape(-1)[:batch_size]


def prefetch(
    make: Callable[[int], T], steps: Iterable[int], *, workers: int, depth: int
) -> Generator[T, None, None]:
    """Yield `make(step)` for each step in order, at most `depth` of them made ahead.

    Threads start with the first `next` and are gone when the iterator ends or is closed, also after
    an exception on either side; what they had under way is finished first. An exception of `make`
    is raised in the place of its result. Closing is certain with `contextlib.closing`.

    Args:
        make: called in threads, so it must not share changing state between calls.
        steps: may be endless.
        workers: threads, at least one.
        depth: results made and not yet yielded; fewer than `workers` leaves some threads idle.

    Raises:
        ValueError: `workers` or `depth` is below one.
    """
    if workers < 1 or depth < 1:
        raise ValueError(f"prefetch: expected at least 1, got {workers=}, {depth=}")
    return _ahead(make, iter(steps), workers=workers, depth=depth)


def _ahead(
    make: Callable[[int], T], steps: Iterator[int], *, workers: int, depth: int
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


def _drawn(counts: np.ndarray, number: int, *, generator: np.random.Generator) -> np.ndarray:
    """Positions of distinct classes, drawn one after another in proportion to their counts."""
    return generator.choice(len(counts), number, replace=False, p=counts / counts.sum())


def _generator(seed: int, stream: int, position: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, position)))


LENGTHS = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 514, 1026, 2050, 4098)
"""Padded lengths of sequences, so that a network sees few shapes."""


def padded_length(length: int) -> int:
    """The least of `LENGTHS` that holds a sequence of this length."""
    return next(each for each in LENGTHS if each >= length)


def by_length(lengths: np.ndarray, *, budget: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Batches of sequences that are padded to one length, as many in each as fit `budget` positions.

    Every record is in one batch; batches come in random order, and their number depends on the lengths
    and the budget alone.
    """
    generator = _generator(seed, _ORDER, epoch)
    padded = np.array([padded_length(int(length)) for length in lengths])
    batches: list[np.ndarray] = []
    for length in np.unique(padded):
        rows = generator.permutation(np.flatnonzero(padded == length))
        size = max(1, budget // int(length))
        batches += [rows[start : start + size] for start in range(0, len(rows), size)]
    return [batches[place] for place in generator.permutation(len(batches))]
