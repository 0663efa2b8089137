"""Draw a small data set for the demo preset: circles, squares and triangles, a folder for each."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tasks.core import demo_files

SHAPES = ("circle", "square", "triangle")
SIDE = 32


def write(root: Path, *, images: int = 40, test_images: int = 30, seed: int = 0) -> None:
    """Draw `images` of each shape for training, and others to predict, unless they are there already."""
    bounds = {
        "images": (images, 4, 10_000),
        "test_images": (test_images, 1, 10_000),
        "seed": (seed, 0, 10**6),
    }
    with demo_files.replacement(root, demo_files.within_bounds(bounds)) as folder:
        random = np.random.default_rng(seed)
        for shape in SHAPES:
            (folder / "train" / shape).mkdir(parents=True)
            for number in range(images):
                _drawn(shape, random).save(folder / "train" / shape / f"{number:05}.png")
        (folder / "test").mkdir()
        for number in range(test_images):
            _drawn(SHAPES[random.integers(len(SHAPES))], random).save(folder / "test" / f"{number:05}.png")


def _drawn(shape: str, random: np.random.Generator) -> Image.Image:
    """A shape of some colour and size, somewhere on a noisy ground."""
    ground = random.integers(0, 100, (SIDE, SIDE, 3)).astype(np.uint8)
    image = Image.fromarray(ground)
    size = int(random.integers(10, 22))
    left, top = (int(random.integers(0, SIDE - size)) for _ in range(2))
    colour = tuple(int(each) for each in random.integers(120, 256, 3))
    draw = ImageDraw.Draw(image)
    if shape == "circle":
        draw.ellipse((left, top, left + size, top + size), fill=colour)
    elif shape == "square":
        draw.rectangle((left, top, left + size, top + size), fill=colour)
    else:
        corners = [(left, top + size), (left + size, top + size), (left + size // 2, top)]
        draw.polygon(corners, fill=colour)
    return image
