"""Files of predicted scores, arrays or candidates, written and read piece by piece.

Apart from `members`, so that the cache key of a prediction does not depend on how predictions are blended.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tasks.core.competition import Scores
from tasks.learning.ensemble import candidates
from tasks.learning.ensemble.candidates import Candidates

PIECE = 1024
"""Records read at one time: a few megabytes of candidates."""


def write(folder: Path, name: str, scores: Scores) -> None:
    """Write scores with their ids: `<name>.jsonl` of candidates, or `<name>.npy` and `<name>_ids.json`."""
    write_pieces(folder, name, [scores])


def write_pieces(folder: Path, name: str, pieces: Iterable[Scores]) -> None:
    """Write scores that come in consecutive pieces as `write` does, so that memory holds one piece.

    Raises:
        ValueError: there is no piece (a part without records is one that is empty), or arrays of different
            types or shapes.
    """
    remaining = iter(pieces)
    first = next(remaining, None)
    if first is None:
        raise ValueError(f"{name}: expected at least one piece of scores, received none")
    everything = chain([first], remaining)
    if isinstance(first.values, Candidates):
        candidates.write(folder / f"{name}.jsonl", ((each.ids, each.values) for each in everything))
        return
    ids: list[str] = []

    def arrays() -> Iterator[np.ndarray]:
        for each in everything:
            ids.extend(each.ids)
            yield each.values

    _write_arrays(folder / f"{name}.npy", arrays())
    (folder / f"{name}_ids.json").write_text(json.dumps(ids), "utf-8")


def read(folder: Path, name: str) -> Scores:
    """Read scores that `write` or `write_pieces` has written."""
    if (file := folder / f"{name}.jsonl").exists():
        return Scores(*candidates.read(file))
    return Scores(_ids(folder, name), np.load(folder / f"{name}.npy"))


def read_pieces(folder: Path, name: str) -> Iterator[Scores]:
    """The same of `PIECE` records at a time; of a part without records one empty piece."""
    size = PIECE
    if (file := folder / f"{name}.jsonl").exists():
        yield from (Scores(*piece) for piece in candidates.read_pieces(file, size))
        return
    ids = _ids(folder, name)
    with (folder / f"{name}.npy").open("rb") as stream:
        shape, dtype = _header(stream)
        if shape[0] != len(ids):
            raise ValueError(f"{name}: expected scores of {len(ids)} records, received {shape[0]}")
        for start in range(0, max(len(ids), 1), size):
            count = len(ids[start : start + size])
            values = np.fromfile(stream, dtype, count * int(np.prod(shape[1:])))
            yield Scores(ids[start : start + size], values.reshape(count, *shape[1:]))


def read_together(folders: Sequence[Path], name: str, *, what: str) -> Iterator[list[Scores]]:
    """Pieces of several predictions of the same records, each piece of the same records.

    Args:
        what: what the predictions are of, for the error: `model`.

    Raises:
        ValueError: the predictions are of different records, or in another order.
    """
    for parts in zip_longest(*(read_pieces(folder, name) for folder in folders)):
        if None in parts or any(part.ids != parts[0].ids for part in parts):
            raise ValueError(f"{name}: expected the same ids in the same order from every {what}")
        yield list(parts)


def exists(folder: Path, name: str) -> bool:
    """Whether the folder has scores of this name."""
    return any((folder / f"{name}.{suffix}").exists() for suffix in ("jsonl", "npy"))


def _ids(folder: Path, name: str) -> list[str]:
    ids: list[str] = json.loads((folder / f"{name}_ids.json").read_text("utf-8"))
    return ids


def _write_arrays(file: Path, arrays: Iterator[np.ndarray]) -> None:
    """The bytes that `np.save` writes of the concatenated arrays, of which there is at least one."""
    with file.open("wb") as stream:
        first = next(arrays)
        count, start = 0, _write_header(stream, first, 0)
        for array in chain([first], arrays):
            if array.dtype != first.dtype or array.shape[1:] != first.shape[1:]:
                expected, received = (f"{each.dtype} {each.shape[1:]}" for each in (first, array))
                raise ValueError(f"{file.stem}: expected pieces of {expected}, received {received}")
            stream.write(np.ascontiguousarray(array).data)
            count += len(array)
        stream.seek(0)
        # numpy leaves room in headers for the number of rows to grow
        assert _write_header(stream, first, count) == start


def _write_header(stream: BinaryIO, like: np.ndarray, count: int) -> int:
    """Write the header of `count` rows like those of an array; returns where it ends."""
    shape, kind = (count, *like.shape[1:]), np.lib.format.dtype_to_descr(like.dtype)
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.tell()


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of the array in a file, which is then at its first number."""
    np.lib.format.read_magic(stream)
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    assert not fortran_order, "scores are written row by row"
    return shape, dtype
