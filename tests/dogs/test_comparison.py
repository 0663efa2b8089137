import io
import time

import numpy as np
import pytest
from PIL import Image

from tasks.dogs import comparison
from tests.dogs.jobs import COUNT, TEST, dataset

WIDTH = 64 + 64 + 16 + 16 + 3


def features(folder, photos: np.ndarray) -> np.ndarray:
    folder.mkdir(exist_ok=True)
    np.save(folder / "test_photos.npy", photos)
    return comparison.features(folder, "test")


def noise(count: int, *, side: int = 48, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)


def test_each_photograph_has_features(tmp_path):
    data = dataset(tmp_path / "data")
    for part, count in (("train", COUNT), ("test", TEST)):
        found = comparison.features(data, part)
        assert (found.shape, found.dtype) == ((count, WIDTH), np.float32)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found[:, :64].sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("side", [32, 33, 50, 256])
def test_features_do_not_depend_on_chunks(tmp_path, monkeypatch, side):
    whole = features(tmp_path, noise(7, side=side))
    monkeypatch.setattr(comparison, "CHUNK", 2)
    np.testing.assert_array_equal(features(tmp_path, noise(7, side=side)), whole)


def test_features_are_what_they_are_called(tmp_path):
    photos = np.zeros((2, 64, 64, 3), np.uint8)
    photos[0, :, 32:] = 255  # the right half white
    photos[1] = (10, 100, 250)
    halves, plain = features(tmp_path, photos)
    assert (halves[0], halves[63]) == (0.5, 0.5)
    assert plain[0 * 16 + 1 * 4 + 3] == 1
    np.testing.assert_allclose(halves[64:128].reshape(8, 8), [[0] * 4 + [1] * 4] * 8, atol=1e-6)
    across, down, (spread, *touching) = halves[128:144], halves[144:160], halves[160:]
    np.testing.assert_allclose(across.reshape(4, 4), [[0, 1 / 8, 0, 0]] * 4, atol=1e-6)
    assert not down.any()
    assert spread == pytest.approx(0.5)
    np.testing.assert_allclose(touching, [1 / 32, 0], atol=1e-6)
    assert not plain[128:].round(6).any()


CHANGES = {
    "darker": lambda photo: photo.point(lambda value: value * 0.7),
    "blurred": lambda photo: photo.resize((24, 24)).resize(photo.size),
    "grey": lambda photo: photo.convert("L").convert("RGB"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_features_tell_changed_photographs(tmp_path, change):
    photos = [Image.fromarray(photo) for photo in noise(20)]
    before, after = (
        features(tmp_path, np.stack([np.asarray(each) for each in found]))
        for found in (photos, [change(photo) for photo in photos])
    )
    apart = np.abs(before.mean(axis=0) - after.mean(axis=0))
    assert (apart > 3 * (before.std(axis=0) + after.std(axis=0))).any()


def test_thousands_of_photographs_take_seconds(tmp_path):
    began = time.monotonic()
    features(tmp_path, noise(2000, side=64))
    assert time.monotonic() - began < 5


def test_excerpts_are_the_photographs_of_the_rows(tmp_path):
    photos = np.zeros((3, 400, 400, 3), np.uint8) + np.array([0, 100, 200], np.uint8)[:, None, None, None]
    features(tmp_path, photos)
    pictures = [Image.open(io.BytesIO(each)) for each in comparison.excerpt(tmp_path, "test", [2, 0])]
    assert [picture.format for picture in pictures] == ["JPEG", "JPEG"]
    assert [picture.size for picture in pictures] == [(160, 160)] * 2
    assert [round(np.asarray(picture).mean()) for picture in pictures] == [200, 0]
