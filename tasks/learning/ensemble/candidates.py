"""Scored candidates: predictions of tasks without a fixed set of classes.

A candidate is a possible answer of a record, any JSON value (a triple, a query), identified by its canonical
text. Models may have different candidates for a record; one that a model does not have scores 0.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np


class Frame:
    """The candidates of each record. Compared by identity, so that results for a frame can be cached."""

    starts: np.ndarray
    """(n + 1,) int64: record i has the candidates from `starts[i]` to before `starts[i + 1]`."""
    keys: Sequence[str]
    """(m,) canonical texts."""

    def __init__(self, starts: np.ndarray, keys: Sequence[str]) -> None:
        self.starts, self.keys = starts, keys

    @property
    def rows(self) -> np.ndarray:
        """(m,) int64: the record of each candidate.

        >>> Frame(np.array([0, 2, 2, 3]), ["a", "b", "c"]).rows.tolist()
        [0, 0, 2]
        """
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


class Candidates:
    """Scored candidates of n records; indexing by an array of rows gives those records' candidates."""

    def __init__(self, frame: Frame, scores: np.ndarray) -> None:
        """`scores` is (m,) float32 in [0, 1], one for each candidate of the frame."""
        self.frame, self.scores = frame, np.asarray(scores, np.float32)

    @classmethod
    def of(cls, records: Iterable[dict[str, float]]) -> "Candidates":
        """Make candidates from one {key: score} for each record.

        >>> candidates = Candidates.of([{"a": 0.5, "b": 0.25}, {}])
        >>> len(candidates), candidates.frame.starts.tolist(), candidates.scores.tolist()
        (2, [0, 2, 2], [0.5, 0.25])
        """
        starts, keys, scores = [0], list[str](), list[float]()
        for record in records:
            keys.extend(record)
            scores.extend(record.values())
            starts.append(len(keys))
        return cls(Frame(np.array(starts, np.int64), keys), np.array(scores, np.float32))

    def __len__(self) -> int:
        return len(self.frame.starts) - 1

    def __getitem__(self, rows: Any) -> "Candidates":
        return Candidates.of(self.record(int(row)) for row in np.arange(len(self))[rows])

    def record(self, row: int) -> dict[str, float]:
        """{key: score} of one record."""
        start, end = self.frame.starts[row], self.frame.starts[row + 1]
        return dict(zip(self.frame.keys[start:end], self.scores[start:end].tolist(), strict=True))

    def records(self) -> list[dict[str, float]]:
        return [self.record(row) for row in range(len(self))]


def concatenated(parts: Iterable[Candidates]) -> Candidates:
    """The records of several parts, one after the other."""
    return Candidates.of(record for part in parts for record in part.records())


def key(value: Any) -> str:
    """Return the canonical text of a candidate; equal values have equal keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def write(file: Path, pieces: Iterable[tuple[Sequence[str], Candidates]]) -> None:
    """Write a line `{"id", "candidates": [[candidate, score], …]}` for each record, piece by piece."""
    with file.open("w", encoding="utf-8", newline="\n") as lines:
        for ids, values in pieces:
            for id, record in zip(ids, values.records(), strict=True):
                scored = ",".join(f"[{each},{_number(score)}]" for each, score in record.items())
                lines.write(f'{{"id":{json.dumps(id, ensure_ascii=False)},"candidates":[{scored}]}}\n')


def _number(score: float) -> str:
    # six digits separate candidates and keep files small; NaN is written, so that `members.join` finds it
    return "NaN" if math.isnan(score) else f"{score:.6g}"


def read(file: Path) -> tuple[list[str], Candidates]:
    """Read ids and candidates that `write` has written."""
    with file.open(encoding="utf-8") as lines:
        return _of_lines(lines)


def read_pieces(file: Path, size: int) -> Iterator[tuple[list[str], Candidates]]:
    """The same of `size` records at a time; of a file without records one empty piece."""
    with file.open(encoding="utf-8") as lines:
        piece = _of_lines(islice(lines, size))
        yield piece
        while (piece := _of_lines(islice(lines, size)))[0]:
            yield piece


def _of_lines(lines: Iterable[str]) -> tuple[list[str], Candidates]:
    ids: list[str] = []

    def records() -> Iterator[dict[str, float]]:
        for line in lines:
            entry = json.loads(line)
            ids.append(entry["id"])
            yield {key(each): score for each, score in entry["candidates"]}

    candidates = Candidates.of(records())
    return ids, candidates


def aligned(members: Sequence[Candidates]) -> tuple[list[np.ndarray], Callable[[np.ndarray], Candidates]]:
    """Bring members to one frame that has the candidates of all of them.

    Returns:
        A (m,) float32 vector for each member, 0 where it does not have a candidate; and a function from such
        a vector to candidates in the common frame.
    """
    records = [[member.record(row) for member in members] for row in range(len(members[0]))]
    union = [dict.fromkeys(each for record in group for each in record) for group in records]
    starts = np.cumsum([0, *(len(each) for each in union)], dtype=np.int64)
    frame = Frame(starts, [each for record in union for each in record])
    vectors = [
        np.array(
            [
                group[number].get(each, 0.0)
                for group, keys in zip(records, union, strict=True)
                for each in keys
            ],
            np.float32,
        )
        for number in range(len(members))
    ]
    return vectors, lambda vector: Candidates(frame, vector)
