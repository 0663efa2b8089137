"""Small raw files of the competition, made for tests."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

LINES = ("a,1 3 -", "b,2 3 -", "c,3 7 -", "d,4 7 -")


def photograph(seed: int, *, width: int = 40, height: int = 30) -> Image.Image:
    """A smooth random picture, of which no two are alike."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    """The contents of a file of this format."""
    contents = io.BytesIO()
    image.save(contents, format, **options)
    return contents.getvalue()


def write(root: Path, lines: Iterable[str] = LINES) -> Path:
    """A valid root folder: the list, a photograph for each line, and two for the test."""
    lines = tuple(lines)
    for part, ids in (("train", [line.split(" ")[0] for line in lines]), ("test", ["x,8", "y,9"])):
        (root / part).mkdir(parents=True)
        for position, name in enumerate(ids):
            seed = position + 100 * (part == "test")
            (root / part / f"{name}.jpg").write_bytes(encoded(photograph(seed)))
    write_list(root, lines)
    return root


def write_list(root: Path, lines: Iterable[str]) -> None:
    """The label list with Unix line ends."""
    (root / "data_train_image.txt").write_bytes("".join(f"{line}\n" for line in lines).encode())
