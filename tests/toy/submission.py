"""A line `<id> left` or `<id> right` for each test point."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.dataset import Dataset
from tasks.core.errors import InvalidSubmission

SIDES = ["left", "right"]


def decode(pieces: Iterable[np.ndarray], dataset: Dataset, decision: dict[str, Any]) -> Iterator[str]:
    return (SIDES[index] for scores in pieces for index in scores.argmax(1))


def write(ids: list[str], answers: Iterable[Any], file: Path) -> None:
    file.write_text("".join(f"{id} {answer}\n" for id, answer in zip(ids, answers, strict=True)))


def check(file: Path, ids: list[str], dataset: Dataset) -> int:
    lines = file.read_bytes().splitlines(keepends=True)
    allowed = {id: {f"{id} {side}\n".encode() for side in SIDES} for id in ids}
    if len(lines) != len(ids) or not all(allowed[id] & set(lines) for id in ids):
        raise InvalidSubmission(f"{file}: expected a side for each of {len(ids)} points once")
    return len(lines)
