import numpy as np
import pytest

from tasks.learning.training.mixup import cutmix, mix, mixup


def batch(*, count: int = 8, side: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Records of one value each, so that every number in a mixed batch tells where it came from."""
    x = np.ones((count, side, side, 3), np.float32) * np.arange(count, dtype=np.float32)[:, None, None, None]
    return x, np.eye(count, dtype=np.float32)


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("way", [mixup, cutmix])
@pytest.mark.parametrize("seed", range(10))
def test_targets_sum_to_one_and_inputs_and_dtypes_stay(way, seed):
    x, y = batch()
    mixed_x, mixed_y = way(x, y, alpha=0.8, generator=generator(seed))
    np.testing.assert_allclose(mixed_y.sum(axis=1), 1, rtol=1e-6)
    assert mixed_y.min() >= 0
    assert (mixed_x.dtype, mixed_y.dtype) == (np.float32, np.float32)
    assert mixed_x.shape == x.shape
    np.testing.assert_array_equal(x, batch()[0])
    np.testing.assert_array_equal(y, batch()[1])


@pytest.mark.parametrize("shape", [(8,), (5, 4, 3)])
def test_mixup_weighs_inputs_as_targets(shape):
    x = generator(0).normal(size=(6, *shape)).astype(np.float32)
    mixed_x, mixed_y = mixup(x, np.eye(6, dtype=np.float32), alpha=0.5, generator=generator(3))
    assert 0 < mixed_y.max() < 1
    np.testing.assert_allclose(mixed_x, np.tensordot(mixed_y, x, axes=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_cutmix_targets_are_the_shares_of_the_pixels(seed):
    x, y = batch(side=10)
    mixed_x, mixed_y = cutmix(x, y, alpha=1.0, generator=generator(seed))
    shares = (mixed_x[..., :1, None] == np.arange(8)).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(mixed_y, shares, atol=1e-6)


def test_cutmix_pastes_one_box_of_rectangular_photographs():
    x = np.stack([np.zeros((6, 20, 1)), np.ones((6, 20, 1))]).astype(np.float32)
    boxes = 0
    for seed in range(50):
        foreign = cutmix(x, np.eye(2), alpha=1.0, generator=generator(seed))[0][0, ..., 0] == 1
        rows, columns = foreign.any(axis=1), foreign.any(axis=0)
        assert foreign.sum() == rows.sum() * columns.sum()
        assert np.abs(np.diff(rows.astype(int))).sum() <= 2
        assert np.abs(np.diff(columns.astype(int))).sum() <= 2
        boxes += bool(foreign.any())
    assert boxes > 10


def test_cutmix_boxes_reach_every_pixel():
    x = np.stack([np.zeros((9, 9, 1)), np.ones((9, 9, 1))])
    views = [cutmix(x, np.eye(2), alpha=1.0, generator=generator(seed))[0][0] for seed in range(200)]
    assert np.sum(views, axis=0).min() > 0


def test_cutmix_refuses_pooled_features():
    with pytest.raises(ValueError, match=r"\(4, 8\)"):
        cutmix(np.ones((4, 8)), np.eye(4), alpha=1.0, generator=generator(0))


@pytest.mark.parametrize(("probability", "mixup_alpha", "cutmix_alpha"), [(0.0, 0.2, 1.0), (1.0, 0.0, 0.0)])
def test_zero_switches_mixing_off(probability, mixup_alpha, cutmix_alpha):
    x, y = batch()
    for seed in range(20):
        mixed_x, mixed_y = mix(
            x,
            y,
            probability=probability,
            mixup_alpha=mixup_alpha,
            cutmix_alpha=cutmix_alpha,
            generator=generator(seed),
        )
        np.testing.assert_array_equal(mixed_x, x)
        np.testing.assert_array_equal(mixed_y, y)


def way_taken(seed: int, *, probability: float, mixup_alpha: float, cutmix_alpha: float) -> str:
    x, y = batch(count=6)
    mixed_x, mixed_y = mix(
        x,
        y,
        probability=probability,
        mixup_alpha=mixup_alpha,
        cutmix_alpha=cutmix_alpha,
        generator=generator(seed),
    )
    if np.array_equal(mixed_y, y):
        return "none"
    return "cutmix" if np.isin(mixed_x, x).all() else "mixup"


@pytest.mark.parametrize(
    ("mixup_alpha", "cutmix_alpha", "possible"),
    [(1.0, 0.0, {"mixup"}), (0.0, 1.0, {"cutmix"}), (1.0, 1.0, {"mixup", "cutmix"})],
)
def test_only_enabled_ways_are_taken(mixup_alpha, cutmix_alpha, possible):
    taken = {
        way_taken(seed, probability=1.0, mixup_alpha=mixup_alpha, cutmix_alpha=cutmix_alpha)
        for seed in range(30)
    }
    assert taken - {"none"} == possible


def test_the_ways_are_taken_equally_often_and_together_with_the_probability():
    taken = [way_taken(seed, probability=0.6, mixup_alpha=2.0, cutmix_alpha=2.0) for seed in range(400)]
    assert abs(taken.count("mixup") - 120) < 35
    assert abs(taken.count("cutmix") - 120) < 35


def test_equal_generators_mix_equally():
    x, y = batch()
    arguments = {"probability": 0.9, "mixup_alpha": 0.2, "cutmix_alpha": 1.0}
    first = mix(x, y, **arguments, generator=generator(5))
    again = mix(x, y, **arguments, generator=generator(5))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
