"""Images as they are handed out: a folder for each class, or a CSV file that names them and their labels.

A part `train` is read from `train.csv` with the columns id and label and the images `train/<id>.<ending>`, or
without that file from `train/<label>/<name>.<ending>`, where an id is `<label>/<name>`. Test images lie in
`test/`; a file `test.csv` with their ids, where there is one, gives their order.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import advice, kind_of
from tasks.learning.classification import csv_files

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
NAMES = ("id", "label")
"""Columns of the CSV files."""


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


def read(images: Sequence[LabelledImage], size_pixels: int, out: np.ndarray) -> None:
    """Read images into (n, size, size, 3) uint8 RGB: the largest square in the middle, resized.

    Raises:
        InvalidData: with all files that are no images.
    """
    from PIL import Image, ImageOps

    problems = list[Problem]()
    for place, image in enumerate(images):
        if (kind := kind_of(image.file)) != "a file":
            problems.append(Problem(image.file, None, "an image", kind))
            continue
        try:
            with Image.open(image.file) as opened:
                upright = ImageOps.exif_transpose(opened).convert("RGB")
                square = ImageOps.fit(upright, (size_pixels, size_pixels), Image.Resampling.BILINEAR)
                out[place] = np.asarray(square)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            problems.append(Problem(image.file, None, "an image", str(error)))
    if problems:
        raise InvalidData(problems)


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
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    return [LabelledImage(file.stem, file) for file in files if not file.name.startswith(".")]


def _without_ending(id: str) -> str:
    """Ids in lists are often the names of files."""
    return id[: -len(Path(id).suffix)] if Path(id).suffix.lower() in SUFFIXES else id
