import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.core.errors import InvalidData
from tasks.learning.photographs import read_and_crop
from tests.dogs.raw_files import encoded, photograph

RAMP = np.linspace(0, 65535, 40 * 30).reshape(30, 40).astype(np.uint16)


def read(folder: Path, contents: bytes, *, name: str = "a.jpg", size_pixels: int = 16):
    (folder / name).write_bytes(contents)
    with read_and_crop.pillow_warnings():
        return read_and_crop.read(folder / name, size_pixels)


def chunk(kind: bytes, body: bytes, *, wrong: int = 0) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ wrong)


def huge_png(side: int) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def png_with(*chunks: bytes, after: str = "IHDR") -> bytes:
    """A whole PNG with more chunks after its header, or after its pixels."""
    plain = encoded(photograph(0), "PNG")
    place = plain.index(b"IEND") - 4 if after == "IDAT" else 33
    return plain[:place] + b"".join(chunks) + plain[place:]


LONG = zlib.compress(b"a" * 3_000_000)
PROFILE = b"profile\0\0" + LONG
WHOLE = encoded(photograph(0))
TWO_FRAMES = {"save_all": True, "append_images": [photograph(1)]}

REFUSED = {
    "empty": (b"", "a photograph", "an empty file (0 bytes)"),
    "a web page": (
        b"<!DOCTYPE html><p>gone",
        "(JPEG, PNG,",
        "22 bytes that begin with b'<!DOCTYPE",
    ),
    "header only": (WHOLE[:20], "a photograph", "20 bytes that begin with b'\\xff\\xd8"),
    "broken off": (WHOLE[:-100], "a whole JPEG photograph", "breaks off or is damaged (image file"),
    "end missing": (WHOLE[:-2], "a whole JPEG photograph", "breaks off"),
    "png broken off": (
        encoded(photograph(0), "PNG")[:-400],
        "a whole PNG photograph",
        "breaks off",
    ),
    "too small": (encoded(photograph(0, width=7)), "at least 8 pixels", "7 by 30 pixels"),
    "large": (huge_png(9_435), "at most 89,000,000 pixels", "9435 by 9435 pixels"),
    "suspicious": (huge_png(9_999), "at most 89,000,000 pixels", "Image size (99980001 pixels)"),
    "bomb": (huge_png(60_000), "at most 89,000,000 pixels", "Image size (3600000000 pixels)"),
    "floats": (encoded(Image.new("F", (9, 9)), "TIFF"), "8 or 16 bits a channel", "32 bits"),
    "32 bits": (encoded(Image.new("I", (9, 9), 1 << 20), "TIFF"), "8 or 16 bits", "32 bits"),
    "a text that breaks off": (
        png_with(chunk(b"zTXt", b"a\0\0" + LONG))[:-700],
        "a photograph",
        "Decompressed data too large",
    ),
    "12 bits": (
        WHOLE.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"),
        "a photograph",
        "(cannot handle 12-bit layers)",
    ),
    "pixels of another size": (
        encoded(photograph(0), "PNG").replace(struct.pack(">II", 40, 30), struct.pack(">II", 400, 300), 1),
        "a",
        "",
    ),
    "a damaged pixel": (
        encoded(photograph(0), "PNG").replace(b"IDAT", b"IDAT\xff", 1),
        "a",
        "",
    ),
    "a program": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a photograph", "24 bytes that begin with b'%!PS"),
}


@pytest.mark.parametrize(("contents", "expected", "received"), REFUSED.values(), ids=REFUSED)
def test_refuses(tmp_path, contents, expected, received):
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, contents)
    (problem,) = caught.value.problems
    assert problem.file == tmp_path / "a.jpg"
    assert expected in problem.expected
    assert received in problem.received


REPAIRED = {
    "as it should be": (WHOLE, "a.jpg", ()),
    "upper case": (WHOLE, "a.JPG", ()),
    "jpeg": (WHOLE, "a.jpeg", ("suffix",)),
    "png": (encoded(photograph(0), "PNG"), "a.png", ("suffix",)),
    "png named jpg": (encoded(photograph(0), "PNG"), "a.jpg", ("format",)),
    "jpg named png": (WHOLE, "a.png", ("suffix", "format")),
    "grey": (encoded(photograph(0).convert("L")), "a.jpg", ("grey",)),
    "black and white": (encoded(photograph(0).convert("1"), "TIFF"), "a.tif", ("suffix", "grey")),
    "cmyk": (encoded(photograph(0).convert("CMYK")), "a.jpg", ("colours",)),
    "palette": (encoded(photograph(0).convert("P"), "PNG"), "a.jpg", ("format", "palette")),
    "alpha": (encoded(photograph(0).convert("RGBA"), "PNG"), "a.jpg", ("format", "alpha")),
    "grey alpha": (encoded(photograph(0).convert("LA"), "PNG"), "a.jpg", ("format", "alpha")),
    "colour key": (
        encoded(photograph(0), "PNG", transparency=(1, 2, 3)),
        "a.jpg",
        ("format", "alpha"),
    ),
    "16 bits": (encoded(Image.fromarray(RAMP), "PNG"), "a.jpg", ("format", "sixteen_bit")),
    "gif": (
        encoded(photograph(0), "GIF", **TWO_FRAMES),
        "a.jpg",
        ("format", "animated", "palette"),
    ),
    "apng": (encoded(photograph(0), "PNG", **TWO_FRAMES), "a.jpg", ("format", "animated")),
    "png with a short text": (png_with(chunk(b"tEXt", b"a\0b")), "a.png", ("suffix",)),
    "png with a long text": (png_with(chunk(b"zTXt", b"a\0\0" + LONG)), "a.png", ("suffix", "texts")),
    "png with a long text at its end": (
        png_with(chunk(b"zTXt", b"a\0\0" + LONG), after="IDAT"),
        "a.png",
        ("suffix", "texts"),
    ),
    "png with a long unicode text": (
        png_with(chunk(b"iTXt", b"a\0\1\0\0\0" + LONG)),
        "a.png",
        ("suffix", "texts"),
    ),
    "png with many texts": (
        png_with(*[chunk(b"tEXt", b"a\0" + b"b" * 900_000)] * 80),
        "a.png",
        ("suffix", "texts"),
    ),
    "png with a long profile": (png_with(chunk(b"iCCP", PROFILE)), "a.png", ("suffix", "texts")),
    "png with a damaged profile": (png_with(chunk(b"iCCP", b"a\0\0damaged")), "a.png", ("suffix",)),
    "png with a text of a wrong checksum": (
        png_with(chunk(b"tEXt", b"a\0b", wrong=1)),
        "a.png",
        ("suffix", "texts"),
    ),
    "jpeg with a comment": (encoded(photograph(0), comment=b"a" * 60_000), "a.jpg", ()),
    "jpeg with a profile": (encoded(photograph(0), icc_profile=b"a" * 200_000), "a.jpg", ()),
    "progressive": (encoded(photograph(0), progressive=True), "a.jpg", ()),
    "arithmetic or optimised": (encoded(photograph(0), optimize=True), "a.jpg", ()),
    "jpeg with bytes after its end": (WHOLE + b"after" * 100, "a.jpg", ()),
    "interlaced palette gif": (
        encoded(photograph(0).convert("P"), "GIF", interlace=1),
        "a.gif",
        ("suffix", "palette"),
    ),
    "bmp": (encoded(photograph(0), "BMP"), "a.bmp", ("suffix",)),
    "tiff": (encoded(photograph(0), "TIFF", compression="tiff_lzw"), "a.tif", ("suffix",)),
    "lab": (encoded(photograph(0).convert("LAB"), "TIFF"), "a.tif", ("suffix", "colours")),
    "webp": (encoded(photograph(0), "WEBP", **TWO_FRAMES), "a.jpg", ("format", "animated")),
    "two jpegs": (encoded(photograph(0), "MPO", **TWO_FRAMES), "a.jpg", ()),
}


@pytest.mark.parametrize(("contents", "name", "kinds"), REPAIRED.values(), ids=REPAIRED)
def test_repairs_are_reported(tmp_path, contents, name, kinds):
    image, repairs = read(tmp_path, contents, name=name)
    assert (image.mode, image.size, repairs) == ("RGB", (40, 30), kinds)
    assert set(repairs) <= set(read_and_crop.REPAIRS)


@pytest.mark.parametrize("name", ["jpg named png", "png named jpg", "cmyk", "apng", "webp", "gif"])
def test_repaired_photograph_looks_like_the_original(tmp_path, name):
    image, _ = read(tmp_path, REPAIRED[name][0])
    assert np.abs(np.asarray(image, float) - np.asarray(photograph(0), float)).mean() < 12


def test_sixteen_bits_are_scaled_not_cut_off(tmp_path):
    image, _ = read(tmp_path, encoded(Image.fromarray(RAMP), "PNG"))
    assert np.array_equal(np.asarray(image)[..., 1], np.round(RAMP / 257).astype(np.uint8))


def test_transparent_pixels_become_white(tmp_path):
    clear = Image.new("RGBA", (10, 10), (200, 0, 0, 0))
    clear.putpixel((0, 0), (200, 0, 0, 255))
    image, _ = read(tmp_path, encoded(clear, "PNG"))
    assert image.getpixel((0, 0)) == (200, 0, 0)
    assert image.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photograph_is_turned_upright(tmp_path, orientation):
    upright = photograph(0, width=48, height=16)
    undo = {0: upright, 6: upright.rotate(90, expand=True), 8: upright.rotate(-90, expand=True)}
    undo |= {3: upright.rotate(180), 2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT)}
    undo |= {4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM), 1: upright}
    undo |= {5: upright.transpose(Image.Transpose.TRANSPOSE)}
    undo |= {7: upright.transpose(Image.Transpose.TRANSVERSE)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, repairs = read(tmp_path, encoded(undo[orientation], quality=95, exif=exif))
    assert repairs == (() if orientation == 1 else ("turned",))
    assert np.abs(np.asarray(image, float) - np.asarray(upright, float)).mean() < 12


def test_damaged_exif_does_not_matter(tmp_path):
    image, repairs = read(tmp_path, encoded(photograph(0), exif=b"Exif\0\0II*\0\xff\xff\xff\xff"))
    assert (image.size, repairs) == ((40, 30), ())


def test_unreadable_file_is_refused_with_the_reason(tmp_path, monkeypatch):
    def forbidden(self):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.jpg").touch()
    monkeypatch.setattr(Path, "read_bytes", forbidden)
    with pytest.raises(InvalidData, match=r"a\.jpg: expected a readable file, .*Permission denied"):
        read_and_crop.read(tmp_path / "a.jpg", 16)


def test_large_jpeg_is_decoded_smaller_but_never_below_twice_the_square(tmp_path):
    contents = encoded(photograph(0, width=400, height=320))
    assert read(tmp_path, contents, size_pixels=16)[0].size == (50, 40)
    assert read(tmp_path, contents, size_pixels=41)[0].size == (200, 160)
    assert read(tmp_path, contents, size_pixels=200)[0].size == (400, 320)


def thirds() -> Image.Image:
    pixels = np.zeros((30, 90, 3), np.uint8)
    for third in range(3):
        pixels[:, 30 * third : 30 * third + 30, third] = 255
    return Image.fromarray(pixels)


def test_crop_keeps_the_central_square():
    pixels = read_and_crop.square(thirds(), 32, fit="crop")
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert (pixels.argmax(-1) == 1).all()
    assert (pixels[:, 4:-4] == (0, 255, 0)).all()


def test_squash_keeps_everything():
    pixels = read_and_crop.square(thirds(), 32, fit="squash")
    assert [int(pixels[16, x].argmax()) for x in (3, 16, 29)] == [0, 1, 2]


def test_shrinking_does_not_alias():
    stripes = np.tile(np.array([0, 255], np.uint8)[:, None], (160, 320, 3))[:320, :, :3]
    pixels = read_and_crop.square(Image.fromarray(np.repeat(stripes[..., :1], 3, 2)), 32, fit="crop")
    assert np.abs(pixels.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_strips_on_white_are_the_whole_on_white(mode, monkeypatch):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 9, 4), np.uint8)).convert(mode)
    whole = read_and_crop._on_white(image)
    monkeypatch.setattr(read_and_crop, "_STRIP_ROWS", 7)
    assert read_and_crop._on_white(image).tobytes() == whole.tobytes()


def test_only_one_large_photograph_is_read_at_a_time(tmp_path, monkeypatch):
    (file := tmp_path / "a.png").write_bytes(encoded(photograph(0), "PNG"))
    with read_and_crop.alone_if_large(file):
        assert not read_and_crop._alone.locked()
    monkeypatch.setattr(read_and_crop, "LARGE_PIXELS_OF_OTHERS", 100)
    with read_and_crop.alone_if_large(file):
        assert read_and_crop._alone.locked()


def test_the_number_of_pixels_and_bytes_is_bounded_by_a_variable(tmp_path, monkeypatch):
    file = tmp_path / "a.png"
    file.write_bytes(encoded(photograph(0), "PNG"))
    monkeypatch.setenv("PODIUM_MOST_PIXELS", "1199")
    with pytest.raises(InvalidData, match=r"at most 1,199 pixels \(PODIUM_MOST_PIXELS\), received 40 by 30"):
        read_and_crop.read(file, 16)
    monkeypatch.setenv("PODIUM_MOST_PIXELS", "100")
    with pytest.raises(InvalidData, match=r"at most 800 bytes, 8 for each of at most 100 pixels"):
        read_and_crop.read(file, 16)


def test_pillow_warns_from_the_number_that_is_set(monkeypatch):
    before = Image.MAX_IMAGE_PIXELS
    monkeypatch.setenv("PODIUM_MOST_PIXELS", "200000000")
    with read_and_crop.pillow_warnings():
        assert Image.MAX_IMAGE_PIXELS == 200_000_000
    assert before == Image.MAX_IMAGE_PIXELS
