import io

import numpy as np
import pytest
from PIL import Image

from tasks.dogs.photographs import duplicates
from tests.dogs.raw_files import encoded, photograph


def differing(left: int, right: int) -> int:
    return (left ^ right).bit_count()


def hash_of(image: Image.Image) -> int:
    value = duplicates.perceptual_hash(image)
    assert value is not None
    return value


def test_hash_agrees_with_the_imagehash_library():
    imagehash = pytest.importorskip("imagehash")
    for seed in range(20):
        picture = photograph(seed, width=90, height=70)
        assert f"{hash_of(picture):016x}" == str(imagehash.phash(picture))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((120, 90)),
        lambda image: Image.open(io.BytesIO(encoded(image, quality=40))),
        lambda image: image.point(lambda value: value * 0.8),
    ],
    ids=["resized", "compressed", "darker"],
)
def test_hash_hardly_changes_with(change):
    pictures = [photograph(seed, width=200, height=150) for seed in range(10)]
    assert max(differing(hash_of(one), hash_of(change(one))) for one in pictures) <= 4


def test_hash_tells_pictures_apart():
    hashes = [hash_of(photograph(seed)) for seed in range(30)]
    assert min(differing(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > 8


FLAT = {
    "one colour": np.full((40, 40), 90),
    "noise": np.random.default_rng(0).integers(90, 93, (40, 40)),
    "gradient": np.tile(np.arange(40) * 6, (40, 1)),
    "halves": np.repeat([[0] * 20 + [255] * 20], 40, 0),
}


@pytest.mark.parametrize("pixels", FLAT.values(), ids=FLAT)
def test_photograph_without_texture_has_no_hash(pixels):
    assert duplicates.perceptual_hash(Image.fromarray(pixels.astype(np.uint8))) is None


GROUPS = {
    "nothing": ([], 3, []),
    "all apart": ([0, 0b1111, 0b11110000], 3, [0, 1, 2]),
    "equal": ([9, 0xFF00, 9, 9], 0, [0, 1, 0, 0]),
    "at the distance": ([0, 0b111], 3, [0, 0]),
    "beyond the distance": ([0, 0b1111], 3, [0, 1]),
    "a chain": ([0b111111, 0, 0b111], 3, [0, 0, 0]),
    "highest bit": ([1 << 63, 0, (1 << 64) - 1], 1, [0, 0, 2]),
    "no hash": ([None, 5, None, 5, None], 3, [0, 1, 2, 1, 4]),
    "none has a hash": ([None, None], 16, [0, 1]),
}


@pytest.mark.parametrize(("hashes", "distance", "groups"), GROUPS.values(), ids=GROUPS)
def test_groups_are_named_by_their_smallest_position(hashes, distance, groups):
    found = duplicates.group(hashes, distance=distance)
    assert found.dtype == np.int64
    assert found.tolist() == groups


def test_blocks_compare_every_pair(monkeypatch):
    hashes = np.random.default_rng(0).integers(0, 64, 40).astype(np.uint64)
    expected = {
        (a, b) for a in range(40) for b in range(30) if differing(int(hashes[a]), int(hashes[b])) <= 1
    }
    monkeypatch.setattr(duplicates, "_BLOCK", 100)
    blocks = list(duplicates.near(hashes, hashes[:30], distance=1))
    pairs = [pair for i, j in blocks for pair in zip(i.tolist(), j.tolist(), strict=True)]
    assert len(blocks) > 10
    assert len(pairs) == len(expected)
    assert set(pairs) == expected


def test_a_thousand_copies_are_one_group():
    hashes = [*range(1 << 40, (1 << 40) + 5), *[7] * 4000]
    assert duplicates.group(hashes, distance=0).tolist() == [0, 1, 2, 3, 4, *[5] * 4000]
