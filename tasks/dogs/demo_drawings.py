"""Drawings of dogs whose breeds differ in the face, not in colour, pose, light or background.

A face is a list of filled outlines in its own plane: x to the right, y down, the head about one
unit in radius. All breeds come in all coat colours: logistic regression on 4 by 4 colours stays
at chance, while a small convolutional network gets 80 to 90 of 100 right after 20 epochs on
27 photographs of each of ten breeds.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

VERSION = 1
"""Increase it with every change of the drawings, so that older demo data are drawn again."""

BREED_LIMIT = 134
"""The competition numbers its breeds 0 to 133."""

EARS = ("pricked", "drooping", "round", "folded")
MARKINGS = ("plain", "mask", "blaze", "patch", "spots")
MUZZLES = ("short", "middle", "long")
EYES = ("close", "middle", "wide")

_COATS = ((52, 44, 42), (104, 68, 44), (168, 112, 62), (216, 186, 140), (126, 126, 132), (232, 228, 220))
_SUPERSAMPLING = 3

Color = tuple[int, int, int]


class Breed(NamedTuple):
    """The features that all photographs of a breed share."""

    ears: str
    marking: str
    muzzle: str
    eyes: str


class Outline(NamedTuple):
    """A filled polygon: points (n, 2) float64 in the plane of the face."""

    points: np.ndarray
    color: Color


class Look(NamedTuple):
    """The features of one photograph that vary within a breed, apart from the camera."""

    coat: Color
    marking: Color
    turn: float
    """Sideways shift of the features on the head, -0.18 to 0.18: the dog looks left or right."""
    build: np.ndarray
    """(6,) factors near 1 on head width and height, ears, muzzle, eyes and marking."""


def breed(index: int) -> Breed:
    """The breed of this index; the first 134 all differ.

    The numbers of choices (4 ears, 5 markings, 9 pairs of muzzle and eyes) share no divisor, so
    the first 180 indices give each of the 180 combinations once.
    """
    return Breed(EARS[index % 4], MARKINGS[index % 5], MUZZLES[index % 3], EYES[index // 3 % 3])


def photograph(kind: Breed, size_pixels: int, *, random: np.random.Generator) -> Image.Image:
    """A dog of this breed; the shorter side has `size_pixels`, the longer one up to half more."""
    width, height = _sides(size_pixels, random)
    large = (width * _SUPERSAMPLING, height * _SUPERSAMPLING)
    canvas = _background(large, random)
    pen = ImageDraw.Draw(canvas)
    matrix, center = _pose(large, random)
    for outline in _face(kind, _look(random), random):
        _fill(pen, outline.points @ matrix.T + center, outline.color)
    return _exposed(canvas.reduce(_SUPERSAMPLING), random)


def _sides(size_pixels: int, random: np.random.Generator) -> tuple[int, int]:
    longer = round(size_pixels * random.choice([1.0, 1.0, 1.25, 4 / 3, 1.5]))
    return (longer, size_pixels) if random.random() < 0.6 else (size_pixels, longer)


def _background(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """A blurred scene: a coarse field of colours with random polygons in it."""
    light, tint = random.uniform(50, 205, (4, 4, 1)), random.uniform(-45, 45, (4, 4, 3))
    field = np.clip(light + tint, 0, 255).astype(np.uint8)
    canvas = Image.fromarray(field).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(canvas)
    for _ in range(random.integers(2, 7)):
        middle = random.uniform(0, 1, 2) * size
        width, height = random.uniform(0.04, 0.22, 2) * min(size)
        tilt, corners = random.uniform(0, np.pi), int(random.integers(3, 9))
        grey = int(random.integers(30, 226))
        thing = _ellipse(0, 0, width, height, tilt=tilt, corners=corners)
        _fill(pen, thing + middle, _near((grey, grey, grey), 40, random))
    return canvas


def _fill(pen: ImageDraw.ImageDraw, points: np.ndarray, color: Color) -> None:
    pen.polygon([(x, y) for x, y in points.tolist()], fill=color)


def _pose(size: tuple[int, int], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The affine map (matrix, shift) from the face to pixels of the central square."""
    scale = random.uniform(0.24, 0.38) * min(size)
    angle = np.radians(random.uniform(-22, 22))
    mirror = random.choice([-1.0, 1.0])
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretched = rotation @ np.diag([mirror, random.uniform(0.9, 1.1)])
    center = np.array(size) / 2 + random.uniform(-0.10, 0.10, 2) * min(size)
    return scale * stretched, center


def _look(random: np.random.Generator) -> Look:
    coat = _near(_COATS[random.integers(len(_COATS))], 8, random)
    contrast = (238, 232, 222) if sum(coat) < 380 else (58, 46, 42)
    return Look(
        coat=coat,
        marking=_near(contrast, 14, random),
        turn=random.uniform(-0.18, 0.18),
        build=random.uniform(0.88, 1.12, 6),
    )


def _face(kind: Breed, look: Look, random: np.random.Generator) -> Iterator[Outline]:
    """Outlines from back to front."""
    width, height, ears, muzzle, eyes, marking = look.build.tolist()
    yield Outline(_ellipse(0, 1.35, 0.95 * width, 0.8), _shade(look.coat, 0.9))
    behind = kind.ears in ("pricked", "round")
    if behind:
        yield from _ears(kind, look, size=ears)
    yield Outline(_ellipse(0, 0, 0.78 * width, 0.88 * height), look.coat)
    yield from _marking(kind, look, size=marking, random=random)
    if not behind:
        yield from _ears(kind, look, size=ears)
    yield from _muzzle(kind, look, size=muzzle)
    yield from _eyes(kind, look, size=eyes)


def _ears(kind: Breed, look: Look, *, size: float) -> Iterator[Outline]:
    """Outer and inner side of the ears, the left one the mirror image of the right one."""
    outer, inner = _right_ear(kind.ears, size)
    for side in (1.0, -1.0):
        yield Outline(outer * [side, 1.0], look.coat)
        yield Outline(inner * [side, 1.0], _shade(look.coat, 0.72))


def _right_ear(kind: str, size: float) -> tuple[np.ndarray, np.ndarray]:
    if kind == "pricked":
        outer = [(0.72, -0.35), (0.14, -0.75), (0.62, -0.8 - 0.62 * size)]
        inner = [(0.62, -0.50), (0.30, -0.74), (0.58, -0.7 - 0.50 * size)]
        return np.array(outer), np.array(inner)
    if kind == "folded":
        top = [(0.20, -0.82), (0.78, -0.50), (0.86, -0.95 * size)]
        tip = [(0.30, -0.86), (0.86, -0.93 * size), (0.78, -0.20)]
        return np.array(top), np.array(tip)
    if kind == "round":
        return _ellipse(0.62, -0.72, 0.34 * size, 0.34 * size), _ellipse(0.62, -0.72, 0.2, 0.2)
    root = _ellipse(0.62, -0.36, 0.2, 0.16)
    return root, _ellipse(0.8, 0.05 + 0.25 * size, 0.23, 0.62 * size, tilt=-0.15)


def _marking(kind: Breed, look: Look, *, size: float, random: np.random.Generator) -> Iterator[Outline]:
    """At most one kind of marking, in a colour that contrasts with the coat."""
    if kind.marking == "mask":
        yield Outline(_ellipse(look.turn * 0.5, 0.25, 0.6 * size, 0.55 * size), look.marking)
    elif kind.marking == "blaze":
        stripe = np.array([[-0.07, -0.84], [0.07, -0.84], [0.2 * size, 0.4], [-0.2 * size, 0.4]])
        yield Outline(np.add(stripe, [look.turn * 0.8, 0]), look.marking)
    elif kind.marking == "patch":
        yield Outline(_ellipse(0.34 + look.turn, -0.2, 0.32 * size, 0.4 * size, tilt=0.4), look.marking)
    elif kind.marking == "spots":
        for angle in np.arange(9) * 2.4 + random.uniform(0, 6.3):
            distance = random.uniform(0.25, 0.72)
            x, y = 0.85 * distance * np.cos(angle), distance * np.sin(angle)
            radius = random.uniform(0.07, 0.12) * size
            yield Outline(_ellipse(x, y, radius, radius), look.marking)


def _muzzle(kind: Breed, look: Look, *, size: float) -> Iterator[Outline]:
    width, length = {"short": (0.5, 0.26), "middle": (0.38, 0.4), "long": (0.27, 0.58)}[kind.muzzle]
    light = _shade(look.coat, 1.25)
    x, bottom = look.turn * 1.4, 0.22 + 1.15 * length * size
    yield Outline(_ellipse(x, 0.22 + length * 0.6, width * size, length * size), light)
    yield Outline(_ellipse(x, bottom - 0.1, 0.5 * width, 0.035), (70, 30, 36))
    yield Outline(_ellipse(x * 1.1, bottom - 0.32, 0.13, 0.1), (26, 22, 24))


def _eyes(kind: Breed, look: Look, *, size: float) -> Iterator[Outline]:
    spacing = {"close": 0.24, "middle": 0.35, "wide": 0.46}[kind.eyes]
    for side in (-1, 1):
        x = side * spacing + look.turn
        yield Outline(_ellipse(x, -0.16, 0.12 * size, 0.11 * size), (214, 196, 160))
        yield Outline(_ellipse(x, -0.16, 0.085 * size, 0.09 * size), (24, 18, 16))
        yield Outline(_ellipse(x + 0.03, -0.19, 0.025, 0.025), (250, 250, 250))


def _exposed(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Random brightness, colour cast and noise, as of light and sensor."""
    pixels = np.asarray(image, np.float32)
    light = random.uniform(0.7, 1.2) * random.uniform(0.92, 1.08, 3)
    noise = random.normal(0, random.uniform(3, 12), pixels.shape)
    return Image.fromarray(np.clip(pixels * light + noise, 0, 255).astype(np.uint8))


def _ellipse(
    x: float, y: float, radius_x: float, radius_y: float, *, tilt: float = 0.0, corners: int = 28
) -> np.ndarray:
    """Points (corners, 2) on an ellipse turned by `tilt` radians."""
    angles = np.arange(corners) * (2 * np.pi / corners)
    flat = np.stack([radius_x * np.cos(angles), radius_y * np.sin(angles)], axis=1)
    rotation = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    return flat @ rotation + [x, y]


def _near(color: Color, spread: float, random: np.random.Generator) -> Color:
    return _color(np.add(color, random.uniform(-spread, spread, 3)))


def _shade(color: Color, factor: float) -> Color:
    return _color(np.multiply(color, factor))


def _color(values: np.ndarray) -> Color:
    red, green, blue = np.clip(values, 0, 255).astype(int).tolist()
    return red, green, blue
