"""Read one photograph, repair it where that is safe, refuse it where it is not, and make it square."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from tasks.core import limits
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import cannot_be_read
from tasks.learning.photographs.png_texts import without_texts

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff")
LEAST_SIDE_PIXELS = 8
BYTES_OF_A_PIXEL = 8
"""At most, of a file that is not compressed, in 16 bits of four channels."""
LARGE_PIXELS = {"JPEG": 32_000_000, "MPO": 32_000_000}
"""By format: those with more are read one at a time. A JPEG is decoded at a part of its size."""
LARGE_PIXELS_OF_OTHERS, LARGE_BYTES = 6_000_000, 32_000_000
_STRIP_ROWS = 512
"""Converted at one time."""
_alone = Lock()

REPAIRS = {
    "suffix": "photographs not named .jpg, taken all the same",
    "format": "photographs in another format than their name says, read by their contents",
    "turned": "photographs turned upright as their EXIF orientation says",
    "grey": "greyscale photographs, their channel repeated for red, green and blue",
    "sixteen_bit": "photographs of 16 bits a channel, scaled to 8",
    "palette": "photographs with a palette, its colours looked up",
    "alpha": "photographs with transparency, laid on white",
    "colours": "photographs in other colours (CMYK, YCbCr, Lab), converted to RGB",
    "animated": "animations, of which the first frame is taken",
    "texts": "PNG photographs with long or damaged texts or colour profiles, read without them",
}
"""The repairs of `read`, by the kind it returns."""

_FORMATS = {
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
}
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF 2.32, table 6: how to undo each orientation; 1 is upright already."""


class _UnusableError(Exception):
    """Arguments: what was expected of a photograph, and what was received."""


def read(file: Path, size_pixels: int) -> tuple[Image.Image, tuple[str, ...]]:
    """The upright RGB photograph, and the kinds of `REPAIRS` it needed.

    A JPEG much larger than `size_pixels` is decoded at a half, a quarter or an eighth of its size,
    never below twice `size_pixels` on its shorter side.

    Raises:
        InvalidData: one problem that says why the photograph cannot be used.
    """
    try:
        contents = _contents(file)
        try:
            return _read(file, contents, size_pixels)
        except _UnusableError:
            if (bare := without_texts(contents)) == contents:
                raise
            image, kinds = _read(file, bare, size_pixels)
            return image, (*kinds, "texts")
    except _UnusableError as error:
        raise InvalidData([Problem(file, None, *error.args)]) from error


def _read(file: Path, contents: bytes, size_pixels: int) -> tuple[Image.Image, tuple[str, ...]]:
    image = _opened(contents)
    kinds = _naming_repairs(file, image)
    image, more = _decoded(image, size_pixels)
    image, colour = _to_rgb(image)
    return image, (*kinds, *more, *colour)


def square(image: Image.Image, size_pixels: int, *, fit: Literal["crop", "squash"]) -> np.ndarray:
    """Pixels (size, size, 3) uint8 of the central square, or of the whole photograph squashed."""
    box = None
    if fit == "crop":
        side = min(image.size)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
    resized = image.resize((size_pixels, size_pixels), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return np.asarray(resized)


@contextmanager
def alone_if_large(file: Path) -> Iterator[None]:
    """Let no other thread be in this block with a large photograph, so that memory holds one of them."""
    with _alone if _is_large(file) else nullcontext():
        yield


def _is_large(file: Path) -> bool:
    try:
        if file.stat().st_size > LARGE_BYTES:
            return True
        with Image.open(file, formats=tuple(_FORMATS)) as image:
            most = LARGE_PIXELS.get(str(image.format), LARGE_PIXELS_OF_OTHERS)
            return image.width * image.height > most
    except Exception:  # damaged headers raise any kind of exception; `read` says what is wrong
        return False


@contextmanager
def pillow_warnings() -> Iterator[None]:
    """Turn Pillow's warning of a decompression bomb into an error and ignore that of damaged EXIF.

    Filters, and the number of pixels from which Pillow warns, are global to the process, so enter it once
    around all threads that read.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max(before or 0, limits.PHOTOGRAPH.value())
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _contents(file: Path) -> bytes:
    most = BYTES_OF_A_PIXEL * limits.PHOTOGRAPH.value()
    try:
        if (size := file.stat().st_size) > most:
            expected = f"at most {most:,} bytes, {BYTES_OF_A_PIXEL} for each of {limits.PHOTOGRAPH.at_most()}"
            raise _UnusableError(expected, f"{size:,} bytes")
        contents = file.read_bytes()
    except OSError as error:
        raise _UnusableError("a readable file", cannot_be_read(error)) from error
    if not contents:
        raise _UnusableError("a photograph", "an empty file (0 bytes)")
    return contents


def _opened(contents: bytes) -> Image.Image:
    """The image with its header read and its pixels not yet decoded."""
    try:
        # The formats are named because others run programs (EPS) or read other files.
        image = Image.open(io.BytesIO(contents), formats=tuple(_FORMATS))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _UnusableError(limits.PHOTOGRAPH.at_most(), f"more: {error}") from error
    except Exception as error:  # damaged headers raise any kind of exception
        reason = _reason(contents) if isinstance(error, UnidentifiedImageError) else str(error)
        start = f"{len(contents):,} bytes that begin with {contents[:16]!r}{f' ({reason})' if reason else ''}"
        raise _UnusableError(f"a photograph ({', '.join(_FORMATS)})", start) from error
    _check_size(image)
    return image


def _reason(contents: bytes) -> str:
    """What the reader of a format that begins so has against the contents; `Image.open` does not say it."""
    for name in _FORMATS:
        reader, accepts = Image.OPEN[name]
        if accepts and accepts(contents[:16]):
            try:
                reader(io.BytesIO(contents), "")
            except Exception as error:
                return str(error)
    return ""


def _check_size(image: Image.Image) -> None:
    size = f"{image.width} by {image.height} pixels"
    if image.width * image.height > limits.PHOTOGRAPH.value():
        raise _UnusableError(limits.PHOTOGRAPH.at_most(), size)
    if min(image.size) < LEAST_SIDE_PIXELS:
        raise _UnusableError(f"at least {LEAST_SIDE_PIXELS} pixels on each side", size)


def _format(image: Image.Image) -> str:
    # MPO is a JPEG of a camera with a preview appended.
    return "JPEG" if image.format == "MPO" else str(image.format)


def _naming_repairs(file: Path, image: Image.Image) -> list[str]:
    suffix = file.suffix.lower()
    kinds = [] if suffix == ".jpg" else ["suffix"]
    return kinds if suffix in _FORMATS[_format(image)] else [*kinds, "format"]


def _decoded(image: Image.Image, size_pixels: int) -> tuple[Image.Image, list[str]]:
    """The upright first frame, in the colours it is stored in."""
    expected = f"a whole {_format(image)} photograph"
    scale = 2 * size_pixels / min(image.size)
    kinds = []
    try:
        if _format(image) != "JPEG":
            kinds = ["animated"] if getattr(image, "is_animated", False) else []
        elif scale < 1:
            image.draft(None, (round(image.width * scale), round(image.height * scale)))
        image.load()
    except Exception as error:  # damaged pixels raise any kind of exception
        raise _UnusableError(expected, f"one that breaks off or is damaged ({error})") from error
    turn = _UPRIGHT.get(_orientation(image))
    return (image, kinds) if turn is None else (image.transpose(turn), [*kinds, "turned"])


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # the pixels may be whole where the EXIF block is damaged
        return 1


def _to_rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """The image in RGB, and the kind of repair, if one was needed."""
    for kind, applies, convert in _CONVERSIONS:
        if applies(image):
            return convert(image), [kind]
    return image, []


def _scaled_to_8_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise _UnusableError("8 or 16 bits a channel", f"32 bits a channel (Pillow mode {image.mode})")
    eight = np.empty(values.shape, np.uint8)
    for top in range(0, image.height, _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        eight[rows] = (values[rows].astype(np.uint32) * 255 + 32767) // 65535
    return Image.fromarray(eight).convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    made = Image.new("RGB", image.size)
    for top in range(0, image.height, _STRIP_ROWS):
        strip = image.crop((0, top, image.width, min(top + _STRIP_ROWS, image.height))).convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        made.paste(Image.alpha_composite(white, strip).convert("RGB"), (0, top))
    return made


def _plain(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


_CONVERSIONS: tuple[tuple[str, Callable[[Image.Image], bool], Callable[[Image.Image], Image.Image]], ...] = (
    ("sixteen_bit", lambda image: image.mode[0] in "IF", _scaled_to_8_bits),
    ("alpha", lambda image: image.has_transparency_data, _on_white),
    ("grey", lambda image: image.mode in ("1", "L"), _plain),
    ("palette", lambda image: image.mode == "P", _plain),
    ("colours", lambda image: image.mode != "RGB", _plain),
)
"""In this order, because a palette or a grey channel may come with transparency."""
