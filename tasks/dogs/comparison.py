"""What parts are compared by: plain features of photographs, and small pictures of them."""

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.core.report.page import jpeg
from tasks.dogs.dataset import photos

SIDE = 32
"""Rows and columns of pixels that are read of each photograph, evenly spaced."""
LEVELS = 4
"""Levels of each colour in the histogram."""
LUMINANCE_SIDE = 8
GRADIENT_SIDE = 4
COLUMNS = LEVELS**3 + LUMINANCE_SIDE**2 + 2 * GRADIENT_SIDE**2 + 3
CHUNK = 512
"""Photographs read at one time: about 12 MB of a side of 256 pixels."""
EXCERPT_SIDE_PIXELS = 160


def features(dataset: Dataset, part: Part) -> np.ndarray:
    """(n, 163) float32 of a part's photographs: what colours they have, where they are bright, how sharp.

    A histogram of 64 colours, luminances of 8 by 8 places, differences between pixels across and down of 4 by
    4 places, the spread of luminance, and the differences between pixels that touch, across and down.
    """
    stored = photos(dataset, part)
    found = np.empty((len(stored), COLUMNS), np.float32)
    for start in range(0, len(stored), CHUNK):
        found[start : start + CHUNK] = _features(stored[start : start + CHUNK])
    return found


def excerpt(dataset: Dataset, part: Part, rows: list[int]) -> list[bytes]:
    """Small JPEGs of photographs, in the order of the rows."""
    stored = photos(dataset, part)
    return [jpeg(stored[row], side_pixels=EXCERPT_SIDE_PIXELS) for row in rows]


def _features(stored: np.ndarray) -> np.ndarray:
    """(c, d) float32 features of photographs (c, size, size, 3) uint8."""
    size = stored.shape[1]
    places = (np.arange(SIDE) * size + size // 2) // SIDE
    after = np.minimum(places + 1, size - 1)
    lines = np.take(stored, places, axis=1)
    small = np.take(lines, places, axis=2)
    grey = _luminance(small)
    across = np.abs(np.diff(grey, axis=2, append=grey[:, :, -1:]))
    down = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    right = _luminance(np.take(lines, after, axis=2))
    below = _luminance(np.take(np.take(stored, after, axis=1), places, axis=2))
    columns = [
        _histogram(small),
        _block_means(grey, LUMINANCE_SIDE),
        _block_means(across, GRADIENT_SIDE),
        _block_means(down, GRADIENT_SIDE),
        grey.reshape(-1, SIDE**2).std(axis=1)[:, None],
        _block_means(np.abs(right - grey), 1),
        _block_means(np.abs(below - grey), 1),
    ]
    return np.concatenate(columns, axis=1, dtype=np.float32)


def _luminance(colors: np.ndarray) -> np.ndarray:
    """(c, h, w) float32 in 0 … 1 by ITU-R BT.601."""
    # thousandths are whole numbers, of which sums are exact in any order
    thousandths = colors.astype(np.float32) @ np.array([299, 587, 114], np.float32)
    return thousandths / np.float32(255_000)


def _histogram(colors: np.ndarray) -> np.ndarray:
    """(c, LEVELS³) shares of the pixels of (c, h, w, 3) uint8 in each cell of the colour cube."""
    count, bins = len(colors), LEVELS**3
    levels = (colors // (256 // LEVELS)).astype(np.int64)
    cells = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
    cells += np.arange(count)[:, None, None] * bins
    found = np.bincount(cells.ravel(), minlength=count * bins).reshape(count, bins)
    return found / (colors.shape[1] * colors.shape[2])


def _block_means(values: np.ndarray, side: int) -> np.ndarray:
    """(c, side²) means of (c, SIDE, SIDE) over side by side blocks."""
    block = SIDE // side
    return values.reshape(-1, side, block, side, block).mean(axis=(2, 4)).reshape(-1, side * side)
