"""Scores of what has no fixed number of classes: for each record, the answers some model considered.

A candidate is any JSON value (a triple, a query) under its canonical text. Two models may consider
different candidates of a record; what a model did not consider scores 0.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np


class Frame:
    """Which candidates each record has. Compared by identity, so that what is derived can be remembered."""

    def __init__(self, starts: np.ndarray, keys: Sequence[str]) -> None:
        self.starts, self.keys = starts, keys

    @property
    def rows(self) -> np.ndarray:
        """(m,) int64: the record of each candidate."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


class Candidates:
    """Scored candidates of n records; indexing by an array of rows gives those records' candidates."""

    def __init__(self, frame: Frame, scores: np.ndarray) -> None:
        """`scores` is (m,) float32 in [0, 1], a number for each candidate of the frame."""
        self.frame, self.scores = frame, np.asarray(scores, np.float32)

    @classmethod
    def of(cls, records: Iterable[dict[str, float]]) -> "Candidates":
        """From one {key: score} for each record."""
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
    """The canonical text of a candidate: equal values have equal keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def write(file: Path, ids: Sequence[str], values: Candidates) -> None:
    """A line `{"id", "candidates": [[candidate, score], …]}` for each record."""
    write_pieces(file, [(ids, values)])


def write_pieces(file: Path, pieces: Iterable[tuple[Sequence[str], Candidates]]) -> None:
    """Ids and candidates of several pieces in one file, each piece written as it comes."""
    with file.open("w", encoding="utf-8", newline="\n") as lines:
        for ids, values in pieces:
            for id, record in zip(ids, values.records(), strict=True):
                scored = ",".join(f"[{each},{_number(score)}]" for each, score in record.items())
                lines.write(f'{{"id":{json.dumps(id, ensure_ascii=False)},"candidates":[{scored}]}}\n')


def _number(score: float) -> str:
    # six digits tell candidates apart and keep files small; a missing number stays one, for `join` to find
    return "NaN" if math.isnan(score) else f"{score:.6g}"


def read(file: Path) -> tuple[list[str], Candidates]:
    """Ids and candidates, as `write` wrote them."""
    with file.open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    records = ({key(each): score for each, score in entry["candidates"]} for entry in entries)
    return [entry["id"] for entry in entries], Candidates.of(records)


def aligned(members: Sequence[Candidates]) -> tuple[list[np.ndarray], Callable[[np.ndarray], Candidates]]:
    """Members over one frame that has all their candidates, and the way back from a vector to candidates.

    Returns:
        A (m,) float32 vector for each member, 0 where it did not consider a candidate; and a function
        that puts such a vector into the common frame.
    """
    records = [[member.record(row) for member in members] for row in range(len(members[0]))]
    union = [dict.fromkeys(each for record in group for each in record) for group in records]
    starts = np.cumsum([0, *(len(each) for each in union)], dtype=np.int64)
    frame = Frame(starts, [each for record in union for each in record])
    vectors = [
        np.array(
            [
                group[number].get(each, 0.0)
                for group, known in zip(records, union, strict=True)
                for each in known
            ],
            np.float32,
        )
        for number in range(len(members))
    ]
    return vectors, lambda vector: Candidates(frame, vector)
