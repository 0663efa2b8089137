"""Images as they are handed out: a folder for each class, or a CSV file that names them and their labels.

A part `train` is read from `train.csv` with the columns id and label and the images `train/<id>.<ending>`, or
without that file from `train/<label>/<name>.<ending>`, where an id is `<label>/<name>`. Test images lie in
`test/`; a file `test.csv` with their ids, where there is one, gives their order.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import note
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import advice, kind_of
from tasks.learning.classification import csv_files
from tasks.learning.photographs import read_and_crop

NAMES = ("id", "label")
"""Columns of the CSV files."""
EXAMPLES = 5
PIECE = 4096
"""Images that wait for a thread at one time."""


class LabelledImage(NamedTuple):
    """An image to read, and its label if it is known."""

    id: str
    file: Path
    label: str | None = None


def find(root: Path, part: Part) -> list[LabelledImage]:
    """The images of a part.

    Raises:
        InvalidData: with all images that are missing.
    """
    if (kind := kind_of(root / part)) != "a folder":
        raise InvalidData([Problem(root / part, None, "a folder of images", kind + advice(root))])
    if (root / f"{part}.csv").exists():
        return _listed(root, part)
    found = _in_folders(root / part) if part != "test" else _in(root / part)
    if not found:
        expected = "images" if part == "test" else "a folder of images for each label"
        raise InvalidData([Problem(root / part, None, expected, "none")])
    return found


def read(images: Sequence[LabelledImage], size_pixels: int, out: np.ndarray) -> list[dict[str, Any]]:
    """Read images into (n, size, size, 3) uint8 RGB: the largest square in the middle, resized.

    They are read, repaired and refused as photographs of dogs are (`read_and_crop.read`).

    Returns:
        Notes on the repairs (`tasks.core.dataset.note`).

    Raises:
        InvalidData: with all files that are no images, or larger than `limits.PHOTOGRAPH`.
    """
    problems, repaired = list[Problem](), defaultdict[str, list[str]](list)

    def read_one(place: int) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
        file = images[place].file
        if (kind := kind_of(file)) != "a file":
            return (), (Problem(file, None, "a photograph", kind),)
        try:
            with read_and_crop.alone_if_large(file):
                image, repairs = read_and_crop.read(file, size_pixels)
                out[place] = read_and_crop.square(image, size_pixels, fit="crop")
        except InvalidData as error:
            return (), error.problems
        return repairs, ()

    with read_and_crop.pillow_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(images), PIECE):
            piece = images[start : start + PIECE]
            found = pool.map(read_one, range(start, start + len(piece)))
            for image, (repairs, wrong) in zip(piece, found, strict=True):
                problems += wrong
                for repair in repairs:
                    repaired[repair].append(image.id)
    if problems:
        raise InvalidData(problems)
    return [
        note(kind, text, len(repaired[kind]), repaired[kind][:EXAMPLES])
        for kind, text in read_and_crop.REPAIRS.items()
        if repaired[kind] and kind != "suffix"  # any suffix of an image is right here
    ]


def _listed(root: Path, part: Part) -> list[LabelledImage]:
    required = NAMES if part != "test" else NAMES[:1]
    table = csv_files.read(root, f"{part}.csv", required=required)
    files = {image.id: image.file for image in _in(root / part)}
    labels = table.column("label") if part != "test" else [None] * len(table.rows)
    rows = list(zip(table.column("id"), labels, table.lines, strict=True))
    missing = [
        Problem(table.file, line, f"an image {part}/{id} with an ending such as .png", "none")
        for id, _, line in rows
        if _without_ending(id) not in files
    ]
    if missing:
        raise InvalidData(missing)
    return [LabelledImage(id, files[_without_ending(id)], label) for id, label, _ in rows]


def _in_folders(folder: Path) -> list[LabelledImage]:
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    return [
        LabelledImage(f"{each.name}/{image.id}", image.file, each.name)
        for each in classes
        for image in _in(each)
    ]


def _in(folder: Path) -> list[LabelledImage]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in read_and_crop.SUFFIXES)
    return [LabelledImage(file.stem, file) for file in files if not file.name.startswith(".")]


def _without_ending(id: str) -> str:
    """Ids in lists are often the names of files."""
    return id[: -len(Path(id).suffix)] if Path(id).suffix.lower() in read_and_crop.SUFFIXES else id
