"""Decode all photographs once, in threads: pixels, problems, repairs and near-duplicates."""

import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from tasks.core.errors import InvalidData, Problem
from tasks.dogs import duplicates, labels, raw, read_and_crop
from tasks.dogs.config import Data

Part = Literal["train", "test"]
Rows = Callable[[Part, int], np.ndarray]
"""(part, number) → array for the pixels of its photographs, (number, size, size, 3) uint8."""

_log = logging.getLogger("podium")
_PROGRESS_SECONDS = 5.0


class PhotographSurvey(NamedTuple):
    """The raw files, groups of near-duplicates, counts and notes."""

    files: raw.Raw
    groups: np.ndarray
    """(n,) int64, for each training photograph the position of the first one of its group."""
    summary: dict[str, Any]
    """`{"counts": {…}, "notes": [{"kind", "message", "examples"}, …]}`."""


class _Decoded(NamedTuple):
    photo: raw.Photo
    hash: int | None = None
    repairs: tuple[str, ...] = ()
    problem: Problem | None = None


def survey(data: Data, rows: Rows | None, *, workers: int | None = None) -> PhotographSurvey:
    """Find, decode and compare all photographs; without `rows`, their pixels are not kept.

    Raises:
        InvalidData: all that is wrong with the label list and with missing files;
            if nothing is, all photographs that cannot be used.
    """
    files = raw.find(Path(data.root).expanduser())
    train = _decode(data, files, "train", rows=rows, workers=workers)
    test = _decode(data, files, "test", rows=rows, workers=workers)
    problems = [each.problem for each in train + test if each.problem]
    if problems:
        raise InvalidData(problems)
    groups = duplicates.group([each.hash for each in train], distance=data.duplicate_distance)
    notes = [
        *files.notes,
        *_repair_notes(train + test),
        *_group_notes(train, groups),
        *_test_notes(train, test, distance=data.duplicate_distance),
    ]
    return PhotographSurvey(files, groups, {"counts": _counts(files, groups), "notes": notes})


def _decode(
    data: Data, files: raw.Raw, part: Part, *, rows: Rows | None, workers: int | None
) -> list[_Decoded]:
    photos = files.train if part == "train" else files.test
    pixels = rows(part, len(photos)) if rows else None

    def decode(position: int) -> _Decoded:
        photo = photos[position]
        try:
            image, repairs = read_and_crop.read(photo.file, data.size_pixels)
        except InvalidData as error:
            _, _, expected, received = error.problems[0]
            return _Decoded(photo, problem=raw.problem(files.root, photo, expected, received))
        if pixels is not None:
            pixels[position] = read_and_crop.square(image, data.size_pixels, fit=data.fit)
        return _Decoded(photo, duplicates.perceptual_hash(image), repairs)

    # Threads suffice: Pillow frees the interpreter's lock while it decodes and resizes.
    with read_and_crop.pillow_warnings(), ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        return list(_with_progress(pool.map(decode, range(len(photos))), part, total=len(photos)))


def _with_progress(results: Iterable[_Decoded], part: Part, *, total: int) -> Iterator[_Decoded]:
    start = last = time.monotonic()
    for done, result in enumerate(results, 1):
        yield result
        now = time.monotonic()
        if now - last >= _PROGRESS_SECONDS:
            last, rate = now, done / (now - start)
            left = (total - done) / rate
            message = "%s photographs: %s of %s, %.0f a second, %.0f s left"
            _log.info(message, part, f"{done:,}", f"{total:,}", rate, left)


def _counts(files: raw.Raw, groups: np.ndarray) -> dict[str, int]:
    members = np.bincount(groups, minlength=len(groups))
    return {
        "train": len(files.train),
        "test": len(files.test),
        "classes": len({photo.label for photo in files.train}),
        "groups": int((members > 0).sum()),
        "grouped": int(members[members > 1].sum()),
    }


def _repair_notes(photos: list[_Decoded]) -> list[dict[str, Any]]:
    notes = []
    for kind, text in read_and_crop.REPAIRS.items():
        notes += labels.note(kind, text, (each.photo.name for each in photos if kind in each.repairs))
    plain = [each.photo.name for each in photos if each.hash is None]
    notes += labels.note("plain", "photographs without texture, not compared with others", plain)
    return notes


def _group_notes(train: list[_Decoded], groups: np.ndarray) -> list[dict[str, Any]]:
    members: dict[int, list[raw.Photo]] = defaultdict(list)
    for each, group in zip(train, groups.tolist(), strict=True):
        members[group].append(each.photo)
    several = [photos for photos in members.values() if len(photos) > 1]
    doubtful = [photos for photos in several if len({photo.label for photo in photos}) > 1]
    together = "groups of near-duplicates, each kept in one fold"
    apart = "groups of near-duplicates with different labels"
    return [
        *labels.note("near_duplicates", together, map(_names, several)),
        *labels.note("doubtful", apart, map(_labels, doubtful)),
    ]


def _names(photos: list[raw.Photo]) -> str:
    return ", ".join(photo.name for photo in photos[:4]) + (" …" if len(photos) > 4 else "")


def _labels(photos: list[raw.Photo]) -> str:
    distinct = sorted({photo.label for photo in photos if photo.label is not None})
    return f"{_names(photos)} (labels {', '.join(map(str, distinct))})"


def _test_notes(train: list[_Decoded], test: list[_Decoded], *, distance: int) -> list[dict[str, Any]]:
    train, test = _hashed(train), _hashed(test)
    left = np.array([each.hash for each in test], np.uint64)
    right = np.array([each.hash for each in train], np.uint64)
    pairs: dict[str, str] = {}
    for i, j in duplicates.near(left, right, distance=distance):
        for a, b in zip(i.tolist(), j.tolist(), strict=True):
            pairs.setdefault(test[a].photo.name, train[b].photo.name)
    examples = [f"{name} and {twin}" for name, twin in pairs.items()]
    text = "test photographs nearly the same as a training photograph"
    return labels.note("test_duplicates", text, examples)


def _hashed(photos: list[_Decoded]) -> list[_Decoded]:
    return [each for each in photos if each.hash is not None]
