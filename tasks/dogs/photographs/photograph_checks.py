"""Decode the photographs of a part once, in threads: pixels, problems, repairs and near-duplicates."""

import logging
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from tasks.core.errors import InvalidData, Problem
from tasks.core.execution import activity
from tasks.core.execution.child_messages import RecordProgress
from tasks.dogs import raw
from tasks.dogs.config import Data
from tasks.dogs.notes import note_of
from tasks.dogs.photographs import duplicates
from tasks.learning.photographs import read_and_crop

_log = logging.getLogger("podium")
_PROGRESS_SECONDS = 5.0
PIECE = 4096
"""Photographs that wait for a thread at one time; each takes 2 KB."""


class PhotographSurvey(NamedTuple):
    """A part's raw files, hashes, groups of near-duplicates, counts and notes."""

    files: raw.Raw
    hashes: list[int | None]
    """The perceptual hash of each photograph; None for one without texture."""
    groups: np.ndarray
    """(n,) int64, for each training photograph the position of the first one of its group; else (0,)."""
    summary: dict[str, Any]
    """`{"counts": {…}, "notes": [{"kind", "message", "count", "examples"}, …]}`."""


class _Decoded(NamedTuple):
    photo: raw.Photo
    hash: int | None = None
    repairs: tuple[str, ...] = ()
    problem: Problem | None = None


class _Found(NamedTuple):
    """What is kept of the decoded photographs of a part, in their order."""

    hashes: list[int | None]
    problems: list[Problem]
    repaired: dict[str, list[str]]
    """Names of photographs by the repair that they needed, or `plain`."""

    def add(self, decoded: _Decoded) -> None:
        self.hashes.append(decoded.hash)
        if decoded.problem:
            self.problems.append(decoded.problem)
        for kind in decoded.repairs if decoded.hash is not None else (*decoded.repairs, "plain"):
            self.repaired[kind].append(decoded.photo.name)


def survey(
    data: Data, files: raw.Raw, pixels: np.ndarray | None, *, workers: int | None = None
) -> PhotographSurvey:
    """Decode and compare all photographs of a part.

    Args:
        pixels: (n, size, size, 3) uint8 that is filled with the photographs; None: they are not kept.

    Raises:
        InvalidData: all photographs that cannot be used.
    """
    found = _Found([], [], defaultdict(list))
    for decoded in _with_progress(_decode(data, files, pixels, workers=workers), files):
        found.add(decoded)
    if found.problems:
        raise InvalidData(found.problems)
    notes = [*files.notes, *_repair_notes(found)]
    if files.part != "train":
        summary = {"counts": {files.part: len(found.hashes)}, "notes": notes}
        return PhotographSurvey(files, found.hashes, np.empty(0, np.int64), summary)
    groups = duplicates.group(found.hashes, distance=data.duplicate_distance)
    notes += _group_notes(files.photos, groups)
    return PhotographSurvey(
        files, found.hashes, groups, {"counts": _counts(files.photos, groups), "notes": notes}
    )


def _decode(
    data: Data, files: raw.Raw, pixels: np.ndarray | None, *, workers: int | None
) -> Iterator[_Decoded]:
    photos = files.photos

    def decode(position: int) -> _Decoded:
        photo = photos[position]
        try:
            with read_and_crop.alone_if_large(file := files.root / photo.name):
                image, repairs = read_and_crop.read(file, data.size_pixels)
                if pixels is not None:
                    pixels[position] = read_and_crop.square(image, data.size_pixels, fit=data.fit)
                return _Decoded(photo, duplicates.perceptual_hash(image), repairs)
        except InvalidData as error:
            _, _, expected, received = error.problems[0]
            return _Decoded(photo, problem=raw.problem(files.root, photo, expected, received))

    # Threads suffice: Pillow frees the interpreter's lock while it decodes and resizes.
    with read_and_crop.pillow_warnings(), ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        positions = range(len(photos))
        for start in positions[::PIECE]:
            yield from pool.map(decode, positions[start : start + PIECE])


def _with_progress(results: Iterable[_Decoded], files: raw.Raw) -> Iterator[_Decoded]:
    total = len(files.photos)
    start = last = time.monotonic()
    for done, result in enumerate(results, 1):
        yield result
        now = time.monotonic()
        if now - last >= _PROGRESS_SECONDS:
            last, rate = now, done / (now - start)
            left = (total - done) / rate
            message = "%s photographs: %s of %s, %.0f a second, %.0f s left"
            extra = activity.report(RecordProgress(done, total, "photographs", rate, left))
            _log.info(message, files.part, f"{done:,}", f"{total:,}", rate, left, extra=extra)


def _counts(train: list[raw.Photo], groups: np.ndarray) -> dict[str, int]:
    members = np.bincount(groups, minlength=len(groups))
    return {
        "train": len(train),
        "classes": len({photo.label for photo in train}),
        "groups": int((members > 0).sum()),
        "grouped": int(members[members > 1].sum()),
    }


def _repair_notes(found: _Found) -> list[dict[str, Any]]:
    texts = read_and_crop.REPAIRS | {"plain": "photographs without texture, not compared with others"}
    return [note for kind, text in texts.items() for note in note_of(kind, text, found.repaired[kind])]


def _group_notes(train: list[raw.Photo], groups: np.ndarray) -> list[dict[str, Any]]:
    members: dict[int, list[raw.Photo]] = defaultdict(list)
    for photo, group in zip(train, groups.tolist(), strict=True):
        members[group].append(photo)
    several = [photos for photos in members.values() if len(photos) > 1]
    doubtful = [photos for photos in several if len({photo.label for photo in photos}) > 1]
    together = "groups of near-duplicates, each kept in one fold"
    apart = "groups of near-duplicates with different labels"
    return [
        *note_of("near_duplicates", together, map(_names, several)),
        *note_of("doubtful", apart, map(_labels, doubtful)),
    ]


def _names(photos: list[raw.Photo]) -> str:
    return ", ".join(photo.name for photo in photos[:4]) + (" …" if len(photos) > 4 else "")


def _labels(photos: list[raw.Photo]) -> str:
    distinct = sorted({photo.label for photo in photos if photo.label is not None})
    return f"{_names(photos)} (labels {', '.join(map(str, distinct))})"
