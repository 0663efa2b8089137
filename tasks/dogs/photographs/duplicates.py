"""Groups of near-duplicate photographs, found by perceptual hashes, so that each shares a fold."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

_SIDE_PIXELS = 32
_KEPT = 8
_LEAST_SPREAD = 2.0
"""Standard deviation in grey levels; below it a photograph is one colour and noise."""
_LEAST_BITS = 8
"""A photograph has 32 bits set, half of them; one colour, stripes and gradients have up to 5."""
_BLOCK = 4_000_000
"""Pairs compared at one time: about 40 MB."""


def _cosines() -> np.ndarray:
    """The lowest rows (8, 32) float64 of the unnormalised DCT-II."""
    frequency = np.arange(_KEPT)[:, None]
    position = np.arange(_SIDE_PIXELS)[None, :]
    return 2 * np.cos(np.pi * frequency * (2 * position + 1) / (2 * _SIDE_PIXELS))


def perceptual_hash(image: Image.Image) -> int | None:
    """64 bits that hardly change with resizing and recompression; None for an image without texture.

    Which of the 8 by 8 lowest cosine coefficients of a grey 32-pixel thumbnail exceed their median
    (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
    The coefficients of an image without texture are rounding noise, and would match those of any other.
    """
    small = image.convert("L").resize((_SIDE_PIXELS, _SIDE_PIXELS), Image.Resampling.LANCZOS)
    grey = np.asarray(small, np.float64)
    if grey.std() < _LEAST_SPREAD:
        return None
    # Rounded, so that coefficients that cancel are equal and not noise of either sign.
    low = (_cosines() @ grey @ _cosines().T).round(3)
    bits = low > np.median(low)
    if bits.sum() < _LEAST_BITS:
        return None
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def near(left: np.ndarray, right: np.ndarray, *, distance: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions (n,), (n,) of pairs of uint64 hashes that differ in at most `distance` bits.

    Compares all pairs, block by block: 20,000 with 20,000 take a second or two.
    """
    rows = max(1, _BLOCK // max(1, len(right)))
    for start in range(0, len(left), rows):
        differing = np.bitwise_count(left[start : start + rows, None] ^ right[None, :])
        i, j = np.nonzero(differing <= distance)
        yield i + start, j


def group(hashes: Sequence[int | None], *, distance: int) -> np.ndarray:
    """For each photograph the smallest position (n,) int64 in its group of near-duplicates.

    If a is near b and b near c, all three share a group. A photograph without a hash is alone.

    >>> group([0b1111, None, 0b1110], distance=1).tolist()
    [0, 1, 0]
    """
    groups = np.arange(len(hashes), dtype=np.int64)
    known = np.array([i for i, value in enumerate(hashes) if value is not None], np.int64)
    values = np.array([value for value in hashes if value is not None], np.uint64)
    # Equal hashes become one, else a thousand copies would make a million pairs.
    distinct, inverse = np.unique(values, return_inverse=True)
    parents = list(range(len(distinct)))
    for i, j in near(distinct, distinct, distance=distance):
        for a, b in zip(i.tolist(), j.tolist(), strict=True):
            parents[_root(parents, a)] = _root(parents, b)
    roots = np.array([_root(parents, i) for i in range(len(distinct))], np.int64)[inverse]
    smallest = np.full(len(distinct), len(hashes), np.int64)
    np.minimum.at(smallest, roots, known)
    groups[known] = smallest[roots]
    return groups


def _root(parents: list[int], node: int) -> int:
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node
