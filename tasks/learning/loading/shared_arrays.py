"""Arrays in shared memory that has no name, which one process writes and another reads.

Memory is used again as soon as the reader has dropped all arrays that lie in it, since pages of fresh memory
cost more than the copy. So arrays may be kept as long as one likes. The kernel frees the memory when no
process has it open, also after a kill.
"""

import mmap
import os
import weakref
from collections import deque
from typing import Any, NamedTuple

import numpy as np

ALIGNMENT = 64
"""Bytes; an array that starts at such an address can be handed to devices without a copy."""


class Written(NamedTuple):
    """Where a value lies."""

    layout: Any
    """The nest with the places of its arrays, as JSON."""
    segment: int
    """Number of the piece of memory."""
    size: int
    """Bytes of it that are used."""
    descriptor: int | None
    """Of a new piece of memory; None: the reader has it."""


class Writer:
    """Writes values into pieces of shared memory, and makes new ones where it is given none."""

    def __init__(self) -> None:
        self._segments: list[tuple[int, mmap.mmap]] = []

    def write(self, value: Any, segment: int | None) -> Written:
        """Copy the arrays of a value into a piece of memory, which grows if they need more.

        Args:
            value: arrays in dicts with string keys, lists and tuples; None, numbers and strings may be among
                them. Named tuples arrive as tuples.
            segment: number of a piece that no array of the reader lies in; None: a new one.

        Raises:
            TypeError: there is something else in the value.
        """
        arrays: list[tuple[np.ndarray, int]] = []
        layout, size = _lay_out(value, arrays, 0)
        number = len(self._segments) if segment is None else segment
        memory = self._at_least(max(size, mmap.PAGESIZE), number)
        for array, start in arrays:
            np.ndarray(array.shape, array.dtype, buffer=memory, offset=start)[...] = array
        return Written(layout, number, size, self._segments[number][0] if segment is None else None)

    def _at_least(self, size: int, number: int) -> mmap.mmap:
        if number == len(self._segments):
            descriptor = os.memfd_create("batch", os.MFD_CLOEXEC)
            os.ftruncate(descriptor, size)
            self._segments.append((descriptor, mmap.mmap(descriptor, size)))
        descriptor, memory = self._segments[number]
        if len(memory) < size:
            os.ftruncate(descriptor, size)
            memory = mmap.mmap(descriptor, size)
            self._segments[number] = (descriptor, memory)
        return memory


class Reader:
    """Reads what one writer has written; safe for threads."""

    def __init__(self) -> None:
        self._segments: dict[int, tuple[int, mmap.mmap]] = {}
        self._free: deque[int] = deque()

    def take(self) -> int | None:
        """A piece of memory that no array lies in, which is the caller's from now on; None: there is none."""
        try:
            return self._free.pop()
        except IndexError:
            return None

    def read(self, layout: Any, segment: int, size: int, descriptor: int | None) -> Any:
        """The value as the writer was given it; its arrays lie in shared memory and can be written to."""
        if descriptor is not None:
            self._segments[segment] = (descriptor, mmap.mmap(descriptor, 0))
        descriptor, memory = self._segments[segment]
        if len(memory) < size:
            memory = mmap.mmap(descriptor, 0)
            self._segments[segment] = (descriptor, memory)
        # the base of all arrays, in which numpy keeps it, and of arrays that are made of them
        whole = np.frombuffer(memory, np.uint8)
        weakref.finalize(whole, self._free.append, segment).atexit = False
        return _read(layout, whole)

    def close(self) -> None:
        """Close the descriptors; memory in which arrays lie stays mapped until they are dropped."""
        for descriptor, _ in self._segments.values():
            os.close(descriptor)
        self._segments.clear()


def _lay_out(value: Any, arrays: list[tuple[np.ndarray, int]], start: int) -> tuple[Any, int]:
    """The layout of a value whose arrays are placed from byte `start` on, and the first byte after them."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError(f"expected arrays of numbers, received one of {value.dtype}")
        arrays.append((value, start))
        end = start + -(-value.nbytes // ALIGNMENT) * ALIGNMENT
        return {"dtype": value.dtype.str, "shape": value.shape, "start": start}, end
    if isinstance(value, dict):
        fields = {}
        for name, item in value.items():
            fields[name], start = _lay_out(item, arrays, start)
        return {"dict": fields}, start
    if isinstance(value, list | tuple):
        items = []
        for item in value:
            laid_out, start = _lay_out(item, arrays, start)
            items.append(laid_out)
        return {"list" if isinstance(value, list) else "tuple": items}, start
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}, start
    raise TypeError(
        f"expected arrays, dicts, lists, tuples, numbers and strings, received a {type(value).__name__}"
    )


def _read(layout: dict[str, Any], whole: np.ndarray) -> Any:
    if "dtype" in layout:
        dtype, shape, start = np.dtype(layout["dtype"]), tuple(layout["shape"]), layout["start"]
        size = int(np.prod(shape)) * dtype.itemsize
        return whole[start : start + size].view(dtype).reshape(shape)
    if "dict" in layout:
        return {name: _read(item, whole) for name, item in layout["dict"].items()}
    if "list" in layout:
        return [_read(item, whole) for item in layout["list"]]
    if "tuple" in layout:
        return tuple(_read(item, whole) for item in layout["tuple"])
    return layout["value"]
