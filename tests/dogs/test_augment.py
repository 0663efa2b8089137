from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tasks.dogs import augment
from tasks.dogs.config import Augmentation
from tasks.dogs.test_time_views import prediction_view

STILL = Augmentation(flip=False)
CLASSIC = Augmentation(rotation_degrees=10, zoom=0.2, quadrant_mask=0.5, combine=0.5)
MODERN = Augmentation(crop_scale=0.35, color=0.5, cutout=0.5)
EVERYTHING = Augmentation(
    rotation_degrees=10,
    zoom=0.2,
    quadrant_mask=0.5,
    combine=0.3,
    crop_scale=0.5,
    color=0.5,
    cutout=0.5,
)
SOURCE, SIZE = 48, 40


def noise(*, count: int) -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.integers(1, 256, (count, SOURCE, SOURCE, 3), dtype=np.uint8)


def flat(*values: int) -> np.ndarray:
    """One photograph of a single grey value for each value."""
    return np.stack([np.full((SOURCE, SOURCE, 3), value, np.uint8) for value in values])


def make(photos: np.ndarray, settings: Augmentation, *, seed: int, **others) -> np.ndarray:
    arguments = {
        "index": 0,
        "partners": np.arange(len(photos)),
        "labels": np.zeros(len(photos), np.int64),
        "size_pixels": SIZE,
    }
    return augment.view(photos, settings=settings, seed=seed, **(arguments | others))


@pytest.mark.parametrize("settings", [STILL, CLASSIC, MODERN, EVERYTHING])
@pytest.mark.parametrize("size", [SOURCE, SIZE, 17, 64])
def test_a_view_has_the_requested_size_and_does_not_change_the_photographs(settings, size):
    photos = noise(count=4)
    before = photos.copy()
    for seed in range(10):
        made = make(photos, settings, seed=seed, size_pixels=size)
        assert made.shape == (size, size, 3)
        assert made.dtype == np.uint8
        assert made.flags.c_contiguous
        made[:] = 0
    np.testing.assert_array_equal(photos, before)


def test_read_only_memory_maps_give_the_same_views_as_arrays(tmp_path):
    photos = noise(count=4)
    np.save(tmp_path / "photos.npy", photos)
    mapped = np.load(tmp_path / "photos.npy", mmap_mode="r")
    for seed in range(10):
        np.testing.assert_array_equal(
            make(mapped, EVERYTHING, seed=seed), make(photos, EVERYTHING, seed=seed)
        )


def test_views_depend_on_the_seed_only_and_not_on_threads_or_order():
    photos = noise(count=6)
    seeds = list(range(60))

    def digest(seed: int) -> bytes:
        return make(photos, EVERYTHING, seed=seed, index=seed % 6).tobytes()

    alone = [digest(seed) for seed in seeds]
    with ThreadPoolExecutor(4) as pool:
        backwards = list(pool.map(digest, reversed(seeds)))
    assert backwards[::-1] == alone
    assert len(set(alone)) == len(seeds)


def test_nothing_but_the_photograph_and_its_partners_ever_shows():
    # Held-out photographs are the only ones with blue in them.
    photos = np.zeros((6, SOURCE, SOURCE, 3), np.uint8)
    photos[:3, ..., :2] = noise(count=3)[..., :2]
    photos[3:, ..., 2] = 255
    settings = Augmentation(rotation_degrees=20, zoom=0.5, quadrant_mask=0.3, combine=0.5, crop_scale=0.5)
    for seed in range(200):
        made = make(photos, settings, seed=seed, partners=np.array([0, 1, 2]))
        assert not made[..., 2].any()


def test_the_check_above_finds_a_held_out_photograph_among_the_partners():
    photos = flat(0, 255)
    assert any(make(photos, Augmentation(zoom=0.5), seed=seed).any() for seed in range(10))


def test_with_every_step_off_the_view_is_the_identity_of_test_time():
    photos = noise(count=2)
    for seed in range(5):
        np.testing.assert_array_equal(
            make(photos, STILL, seed=seed),
            prediction_view(photos[0], "identity", size_pixels=SIZE),
        )


@pytest.mark.parametrize(
    "change",
    [
        {"rotation_degrees": 10},
        {"zoom": 0.2},
        {"crop_scale": 0.5},
        {"flip": True},
        {"quadrant_mask": 0.5},
        {"combine": 0.5},
        {"color": 0.5},
        {"cutout": 0.5},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_setting_alone_changes_views(change):
    photos = noise(count=3)
    still = make(photos, STILL, seed=0)
    changed = [
        not np.array_equal(make(photos, STILL.model_copy(update=change), seed=seed), still)
        for seed in range(20)
    ]
    assert any(changed)


@pytest.mark.parametrize(("settings", "step"), [(CLASSIC, {"zoom": 0.2}), (MODERN, {"crop_scale": 0.35})])
def test_a_plain_view_keeps_crop_zoom_and_flip_only(settings, step):
    photos = noise(count=3)
    gentle = STILL.model_copy(update=step | {"flip": True})
    for seed in range(20):
        np.testing.assert_array_equal(
            make(photos, settings, seed=seed, plain=True), make(photos, gentle, seed=seed)
        )


def test_half_of_the_views_are_mirrored():
    photos = noise(count=1)
    straight = prediction_view(photos[0], "identity", size_pixels=SIZE)
    mirrored = [not np.array_equal(make(photos, Augmentation(), seed=seed), straight) for seed in range(200)]
    assert 70 < sum(mirrored) < 130


def test_a_masked_view_loses_one_quarter_and_each_as_often():
    photos = flat(200)
    settings = STILL.model_copy(update={"quadrant_mask": 0.5})
    lost = np.zeros((2, 2), int)
    for seed in range(400):
        made = make(photos, settings, seed=seed)
        quarters = (made.reshape(2, SIZE // 2, 2, SIZE // 2, 3) == 0).mean(axis=(1, 3, 4))
        assert quarters.sum() in (0, 1)
        lost += quarters.astype(int)
    assert 160 < lost.sum() < 240
    assert lost.min() > 30


def test_a_smaller_photograph_lies_whole_on_another_one_and_a_larger_one_fills_the_view():
    photos = flat(10, 20)
    settings = STILL.model_copy(update={"zoom": 0.5})
    shares = [(make(photos, settings, seed=seed) == 10).mean() for seed in range(100)]
    assert 0.25 <= min(shares) < 0.4
    assert 30 < sum(share == 1 for share in shares) < 70


def test_a_photograph_without_partners_is_its_own_background():
    photos = flat(10, 20)
    for seed in range(10):
        assert (make(photos, EVERYTHING, seed=seed, partners=np.array([], np.int64)) != 20).all()


def test_combined_views_join_two_of_one_class_by_cuts_in_the_middle_half_and_diagonals():
    photos = flat(10, 20, 30)
    settings = Augmentation(combine=0.999)
    kinds = {"left": 0, "top": 0, "falling": 0, "rising": 0}
    for seed in range(400):
        made = make(photos, settings, seed=seed, labels=np.array([7, 7, 3]))[..., 0]
        assert set(np.unique(made)) <= {10, 20}
        own = made == 10
        if (own == own[:1]).all():
            assert 0.25 <= own.mean() <= 0.75
            kinds["left"] += 1
        elif (own == own[:, :1]).all():
            assert 0.25 <= own.mean() <= 0.75
            kinds["top"] += 1
        else:
            kinds["falling" if own[0, 0] else "rising"] += 1
    assert min(kinds.values()) > 60


@pytest.mark.parametrize(("share", "expected"), [(0.25, 100), (0.5, 200)])
def test_the_share_of_combined_views_is_the_setting(share, expected):
    photos = flat(10, 20)
    settings = STILL.model_copy(update={"combine": share})
    combined = sum((make(photos, settings, seed=seed) == 20).any() for seed in range(400))
    assert abs(combined - expected) < 40


def test_without_a_partner_of_the_class_nothing_is_combined():
    photos = flat(10, 20)
    for seed in range(20):
        made = make(photos, Augmentation(combine=0.9), seed=seed, labels=np.array([0, 1]))
        assert (made == 10).all()


def test_cutout_is_grey_and_as_frequent_as_the_setting():
    photos = flat(10)
    settings = STILL.model_copy(update={"cutout": 0.5})
    views = [make(photos, settings, seed=seed) for seed in range(200)]
    assert {int(value) for made in views for value in np.unique(made)} == {10, augment.GREY}
    assert 70 < sum((made == augment.GREY).any() for made in views) < 130


def test_steps_are_drawn_independently():
    photos = flat(10)
    photos[:, :, SOURCE // 2 :] = 20
    settings = Augmentation(cutout=0.5)
    views = [make(photos, settings, seed=seed) for seed in range(200)]
    mirrored = [made[:, : SIZE // 2].max(initial=0, where=made[:, : SIZE // 2] < 128) for made in views]
    covered = [(made == augment.GREY).any() for made in views]
    assert abs(np.corrcoef(mirrored, covered)[0, 1]) < 0.25


def test_views_of_test_time_flip_and_enlarge_the_middle():
    photo = noise(count=1)[0]
    seen = {
        name: prediction_view(photo, name, size_pixels=42)
        for name in ("identity", "flip", "zoom", "zoom_flip")
    }
    np.testing.assert_array_equal(seen["flip"], seen["identity"][:, ::-1])
    np.testing.assert_array_equal(seen["zoom_flip"], seen["zoom"][:, ::-1])
    # 87.5 % of 48 pixels are 42, so that nothing is resized.
    np.testing.assert_array_equal(seen["zoom"], photo[3:45, 3:45])


def test_an_unknown_view_of_test_time_is_refused():
    with pytest.raises(ValueError, match="'spin'"):
        prediction_view(noise(count=1)[0], "spin", size_pixels=SIZE)
