"""Photographs: damaged ones, huge ones, and what is none."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from tests.dogs.raw_files import encoded, photograph
from tests.mutation.inputs import Expected, Input, Maker, Place, podium
from tests.mutation.kinds import content as changes
from tests.mutation.kinds.contests import raw_folder

LARGE = (9400, 9400)
"""88.4 million pixels, just below the limit."""


def png_of_one_colour(mode: str, size: tuple[int, int], *, bits: int = 8) -> bytes:
    """A PNG file of one colour, of whatever size, that takes little room."""
    channels, kind = {"RGB": (3, 2), "RGBA": (4, 6), "L": (1, 0), "LA": (2, 4)}[mode]
    row = b"\0" + bytes(channels * size[0] * bits // 8)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(size[1])) + packer.flush()
    header = struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _large(mode: str, bits: int = 8) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(png_of_one_colour(mode, LARGE, bits=bits))


def _large_jpeg(file: Path) -> None:
    Image.fromarray(np.zeros(LARGE, np.uint8)).convert("RGB").save(file, "JPEG", progressive=True)


def _header_only(size: tuple[int, int]) -> Callable[[Path], object]:
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    return lambda file: file.write_bytes(
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IEND", b"")
    )


def _frames(file: Path) -> None:
    frames = [photograph(number) for number in range(5)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])


WAYS: dict[str, tuple[Callable[[Path], object], Expected]] = {
    "nothing": (lambda file: file.write_bytes(b""), "refused"),
    "a text": (lambda file: file.write_bytes(b"no photograph"), "refused"),
    "half": (lambda file: file.write_bytes(file.read_bytes()[:300]), "refused"),
    "NUL bytes": (lambda file: file.write_bytes(bytes(3000)), "refused"),
    "3 GB of nothing": (lambda file: changes.sparse(file), "refused"),
    "3 GB behind a beginning": (lambda file: changes.sparse(file, after=file.read_bytes()[:300]), "refused"),
    "no pixels": (_header_only((40, 30)), "refused"),
    "4 billion pixels": (_header_only((65_000, 65_000)), "refused"),
    "a pixel wide": (lambda file: file.write_bytes(png_of_one_colour("RGB", (1, 4000))), "refused"),
    "a PNG": (lambda file: file.write_bytes(encoded(photograph(7), "PNG")), "accepted"),
    "grey": (lambda file: file.write_bytes(encoded(photograph(7).convert("L"))), "accepted"),
    "transparent": (lambda file: file.write_bytes(encoded(photograph(7).convert("RGBA"), "PNG")), "accepted"),
    "colours of print": (lambda file: file.write_bytes(encoded(photograph(7).convert("CMYK"))), "accepted"),
    "an animation": (_frames, "accepted"),
    "a program (EPS)": (lambda file: file.write_bytes(encoded(photograph(7), "EPS")), "refused"),
    "an icon": (lambda file: file.write_bytes(encoded(photograph(7), "ICO")), "refused"),
}
HUGE: dict[str, tuple[Callable[[Path], object], Expected]] = {
    "88 million pixels": (_large("RGB"), "accepted"),
    "88 million transparent pixels": (_large("RGBA"), "accepted"),
    "88 million grey and transparent": (_large("LA"), "accepted"),
    "88 million pixels of 16 bits": (_large("L", 16), "accepted"),
    "88 million pixels of JPEG": (_large_jpeg, "accepted"),
}
"""Two of them at a time; each takes seconds."""


def picture(place: Place, random: Random) -> Input:
    """One photograph is changed."""
    root = place.copy("raw-dogs", raw_folder("dogs"))
    file = root / random.choice(("train/a,1.jpg", "train/d,4.jpg", "test/x,8.jpg"))
    if random.random() < 0.6:
        name = random.choice(sorted(WAYS))
        change, expected = WAYS[name]
        change(file)
    else:
        # a decoder of JPEG need not notice a changed byte
        name, expected = "noise", "either"
        file.write_bytes(changes.noise(file.read_bytes(), random))
    return Input(name, expected, podium("check", "dogs", "-s", f"data.root={root}"))


def huge(place: Place, random: Random) -> Input:
    """Three photographs are just below the limit, and decoded at the same time."""
    root = place.copy("raw-dogs", raw_folder("dogs"))
    name = random.choice(sorted(HUGE))
    change, expected = HUGE[name]

    def made(folder: Path) -> None:
        folder.mkdir()
        change(folder / "picture")

    picture = place.template(f"huge-{name}", made) / "picture"
    for each in ("a,1", "b,2", "d,4"):
        (root / "train" / f"{each}.jpg").unlink()
        os.link(picture, root / "train" / f"{each}.jpg")
    return Input(name, expected, podium("check", "dogs", "-s", f"data.root={root}"))


KINDS: dict[str, tuple[float, Maker]] = {
    "pictures: damaged": (6, picture),
    "pictures: huge": (0.2, huge),
}
