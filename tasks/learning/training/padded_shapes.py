"""A few padded shapes for records of many sizes: XLA compiles a network for every shape that it meets.

A record has several sizes, such as characters and columns. Records whose sizes fit one shape are padded to
it. All batches of a shape have the same number of rows; where records lack, copies of one that weigh nothing
fill up. The shapes of a training are chosen from its records, so that little is padded.
"""

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

MOST = 8
"""Most shapes of a training."""
MOST_IN_PREDICTION = 6
"""Fewer, since larger records have further shapes."""
WORTH = 0.01
"""Share of all work that a further shape must save."""
STEP_WORK = 0.25
"""Work of a step that does not depend on its rows, as a share of a full batch."""
CELLS = 200
"""Groups of records from which shapes are made by joining; with more of them, sizes are rounded more."""
FEWER_ROWS = 8
"""Batches of records larger than all shapes have so many times fewer rows, since such records are rare."""

_log = logging.getLogger("podium")


class Padding(NamedTuple):
    """How records of one kind may be padded; functions take sizes (…, d) and return (…)."""

    multiples: tuple[int, ...]
    """Each size is rounded up to a multiple of this number."""
    limits: tuple[int, ...]
    """No size is padded beyond this number."""
    work: Callable[[np.ndarray], np.ndarray]
    """Work for a record that is padded to these sizes, in any unit."""
    rows: Callable[[np.ndarray], np.ndarray]
    """Most rows of a batch of these sizes."""


class Shape(NamedTuple):
    """Sizes to which the records of a batch are padded, and its number of rows."""

    sizes: tuple[int, ...]
    rows: int


class PaddedBatch(NamedTuple):
    """Indices of the records of a batch, and the shape to which they are filled up."""

    records: np.ndarray
    """(m,) int64 with m ≤ `shape.rows`"""
    shape: Shape

    @property
    def weights(self) -> np.ndarray:
        """(rows,) float32: 0 for rows that fill up; the others' mean over all rows is 1.

        So a mean over all rows of weighted losses is the mean over the records.
        """
        weights = np.zeros(self.shape.rows, np.float32)
        weights[: len(self.records)] = self.shape.rows / len(self.records)
        return weights

    def filled(self) -> list[int]:
        """Indices of the records, and of the first one again in the rows that fill up."""
        rows = self.records.tolist()
        return rows + [rows[0]] * (self.shape.rows - len(rows))


def choose(sizes: np.ndarray, padding: Padding, *, most: int = MOST) -> tuple[Shape, ...]:
    """Choose at most so many shapes that hold all records, with little work in all.

    Groups of records of like sizes are joined, two at a time, those first whose joining adds the least work.

    Args:
        sizes: (n, d) integers, at most `padding.limits`.
    """
    if not len(sizes):
        return ()
    boxes, counts = _cells(_rounded(sizes, padding), padding)
    work = _work(boxes, counts, padding)
    while len(boxes) > 1:
        joined = np.maximum(boxes[:, None], boxes[None, :])
        added = _work(joined, counts[:, None] + counts[None, :], padding) - work[:, None] - work[None, :]
        added[np.tril_indices(len(boxes))] = np.inf
        first, second = np.unravel_index(np.argmin(added), added.shape)
        if len(boxes) <= most and added[first, second] > WORTH * work.sum():
            break
        boxes[first], counts[first] = joined[first, second], counts[first] + counts[second]
        boxes, counts = np.delete(boxes, second, axis=0), np.delete(counts, second)
        work = _work(boxes, counts, padding)
    return _shapes(sizes, boxes, padding)


def _rounded(sizes: np.ndarray, padding: Padding, *, factor: int = 1) -> np.ndarray:
    multiples = factor * np.array(padding.multiples)
    return np.minimum(-(-np.maximum(sizes, 1) // multiples) * multiples, padding.limits)


def _cells(sizes: np.ndarray, padding: Padding) -> tuple[np.ndarray, np.ndarray]:
    """(c, d) largest sizes and (c,) numbers of records, of at most about `CELLS` groups of like sizes."""
    factor = 1
    while True:
        rounded = _rounded(sizes, padding, factor=factor)
        coarse, place = np.unique(rounded, axis=0, return_inverse=True)
        if len(coarse) <= CELLS:
            break
        factor *= 2
    largest = np.zeros_like(coarse)
    np.maximum.at(largest, place.reshape(-1), sizes)
    return largest, np.bincount(place.reshape(-1))


def _work(sizes: np.ndarray, counts: np.ndarray, padding: Padding) -> np.ndarray:
    most = padding.rows(sizes)
    batches = -(-counts // most)
    return padding.work(sizes) * batches * (-(-counts // batches) + STEP_WORK * most)


def _shapes(sizes: np.ndarray, boxes: np.ndarray, padding: Padding) -> tuple[Shape, ...]:
    """The shapes with so many rows that batches are evenly full."""
    order = np.argsort(padding.work(boxes), kind="stable")
    shapes = [Shape(tuple(map(int, box)), 1) for box in boxes[order]]
    counts = np.bincount(assign(sizes, shapes), minlength=len(shapes)).tolist()
    found = []
    for shape, count in zip(shapes, counts, strict=True):
        if count:
            batches = -(-count // int(padding.rows(np.array(shape.sizes))))
            found.append(Shape(shape.sizes, -(-count // batches)))
    return tuple(found)


def assign(sizes: np.ndarray, shapes: Sequence[Shape]) -> np.ndarray:
    """(n,) int64: the first of the shapes that holds each record; -1 where none does."""
    found = np.full(len(sizes), -1)
    for place in reversed(range(len(shapes))):
        found[(sizes <= np.array(shapes[place].sizes)).all(axis=1)] = place
    return found


def epoch_batches(sizes: np.ndarray, shapes: Sequence[Shape], *, seed: int, epoch: int) -> list[PaddedBatch]:
    """Divide records into batches of the shapes: each record once, in random order.

    The number of batches depends on sizes and shapes alone. The numbers of records of a shape's batches
    differ by one at most.

    Args:
        sizes: (n, d) integers; each record fits one of the shapes, as those of `choose` do.
    """
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,)))
    places = assign(sizes, shapes)
    if len(sizes) and places.min() < 0:
        raise ValueError(f"expected sizes within {max(shapes)}, received {sizes[places < 0][0].tolist()}")
    batches: list[PaddedBatch] = []
    for place, shape in enumerate(shapes):
        records = generator.permutation(np.flatnonzero(places == place))
        count = -(-len(records) // shape.rows)
        batches += [PaddedBatch(part, shape) for part in np.array_split(records, count)] if count else []
    return [batches[place] for place in generator.permutation(len(batches))]


class EpochPlan:
    """The batches of each epoch of a training, of shapes that are chosen from its records.

    Args:
        sizes: (n, d) integers, of each record the largest that it has in a batch.
    """

    def __init__(self, sizes: np.ndarray, padding: Padding, *, seed: int) -> None:
        self._sizes, self._padding, self._seed = sizes, padding, seed
        self.shapes = choose(sizes, padding)
        """The padded shapes of batches."""

    @lru_cache(maxsize=2)  # noqa: B019  (lives as long as its child process)
    def __call__(self, epoch: int) -> list[PaddedBatch]:
        """Which records make each batch of an epoch."""
        return epoch_batches(self._sizes, self.shapes, seed=self._seed, epoch=epoch)

    @property
    def note(self) -> str:
        """What the log says of the batches."""
        return note(self._sizes, self(0), self._padding)


def fixed_batches(sizes: np.ndarray, shapes: Sequence[Shape], padding: Padding) -> list[PaddedBatch]:
    """Divide records, which may be others than those the shapes were chosen from, in their order of work.

    Records too large for all shapes get one of their own, whose sizes are powers of two. The last batch of a
    shape is filled up with records of smaller ones. Without shapes they are chosen from the records.
    """
    shapes = shapes or choose(sizes, padding, most=MOST_IN_PREDICTION)
    larger = sizes[assign(sizes, shapes) < 0]
    further = [_further_shape(larger.max(axis=0), padding)] if len(larger) else []
    if further:
        _log.debug("%d records larger than all %d shapes get %s", len(larger), len(shapes), further)
    known = sorted({*shapes, *further}, key=lambda shape: float(padding.work(np.array(shape.sizes))))
    places = assign(sizes, known)
    remaining = np.ones(len(sizes), bool)
    batches: list[PaddedBatch] = []
    for place in reversed(range(len(known))):
        shape = known[place]
        own = np.flatnonzero(remaining & (places == place))
        if missing := -len(own) % shape.rows:
            fits = remaining & (places < place) & (sizes <= np.array(shape.sizes)).all(axis=1)
            smaller = np.flatnonzero(fits)
            own = np.concatenate([own, smaller[np.argsort(-places[smaller], kind="stable")][:missing]])
        remaining[own] = False
        batches += [
            PaddedBatch(own[start : start + shape.rows], shape) for start in range(0, len(own), shape.rows)
        ]
    return batches


def _further_shape(sizes: np.ndarray, padding: Padding) -> Shape:
    rounded = _rounded(2 ** np.ceil(np.log2(np.maximum(sizes, 1))).astype(np.int64), padding)
    return Shape(tuple(map(int, rounded)), max(1, int(padding.rows(rounded)) // FEWER_ROWS))


def padded_share(sizes: np.ndarray, batches: Sequence[PaddedBatch], padding: Padding) -> float:
    """The share of the batches' work that goes into padding and filling up.

    Args:
        sizes: of all records, each of which is in one batch.
    """
    whole = sum(float(padding.work(np.array(each.shape.sizes))) * each.shape.rows for each in batches)
    return 1 - float(padding.work(sizes).sum()) / whole if whole else 0.0


def note(sizes: np.ndarray, batches: Sequence[PaddedBatch], padding: Padding) -> str:
    """What a log says of the batches of an epoch.

    >>> whole = Padding((8,), (64,), work=lambda sizes: sizes[..., 0], rows=lambda sizes: 64 // sizes[..., 0])
    >>> sizes = np.array([[12], [16], [14], [30]])
    >>> note(sizes, epoch_batches(sizes, choose(sizes, whole), seed=0, epoch=0), whole)
    '2 batches an epoch, of 2 shapes; 10 % of the work is padding'
    """
    count, share = len({each.shape for each in batches}), padded_share(sizes, batches, padding)
    return f"{len(batches)} batches an epoch, of {count} shapes; {100 * share:.0f} % of the work is padding"
