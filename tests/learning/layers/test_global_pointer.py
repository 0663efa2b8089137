import numpy as np
import pytest

WIDTH, HEADS, SIZE, LENGTH = 6, 3, 4, 7


def pointer(**options):
    from tasks.learning.layers.global_pointer import EfficientGlobalPointer

    return EfficientGlobalPointer(HEADS, SIZE, seed=1, **options)


def sentences(lengths: list[int], *, padded_to: int = LENGTH) -> tuple[np.ndarray, np.ndarray]:
    mask = (np.arange(padded_to) < np.array(lengths)[:, None])[..., None].astype(np.float32)
    x = np.random.default_rng(0).normal(size=(30, len(lengths), WIDTH)).astype(np.float32)
    return x[:padded_to].transpose(1, 0, 2), mask


def rotated(x: np.ndarray, *, rotary: bool) -> np.ndarray:
    """(n, size), pair i at position m turned by m · 10000^(−2i/size)."""
    rates = 10000.0 ** (-np.arange(0, SIZE, 2) / SIZE)
    pairs = x[:, ::2] + 1j * x[:, 1::2]
    pairs = pairs * np.exp(1j * np.arange(len(x))[:, None] * rates * rotary)
    return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)


@pytest.mark.parametrize("rotary", [True, False])
def test_the_pointer_equals_the_definition(keras, rotary):
    x, mask = sentences([LENGTH])
    layer = pointer(rotary=rotary, triangle=False)
    found = np.array(layer(x, mask))[0]
    kernel, bias, ends_kernel, ends_bias = layer.get_weights()
    projected = x[0] @ kernel + bias
    queries, keys = (rotated(part, rotary=rotary) for part in np.split(projected, 2, axis=-1))
    first, last = np.split((projected @ ends_kernel + ends_bias) / 2, 2, axis=-1)
    expected = (queries @ keys.T / np.sqrt(SIZE))[None] + first.T[:, :, None] + last.T[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_heads_differ_by_their_ends_alone(keras):
    x, mask = sentences([LENGTH, 4])
    layer = pointer()
    assert np.ptp(np.array(layer(x, mask)), axis=1).max() > 0.1
    layer.ends.set_weights([np.zeros_like(each) for each in layer.ends.get_weights()])
    assert np.ptp(np.array(layer(x, mask)), axis=1).max() == 0


@pytest.mark.parametrize("triangle", [True, False])
def test_padding_and_the_lower_triangle_are_excluded(keras, triangle):
    lengths = [LENGTH, 4, 0]
    found = np.array(pointer(triangle=triangle)(*sentences(lengths)))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    for row, length in enumerate(lengths):
        real = np.zeros((LENGTH, LENGTH), bool)
        real[:length, :length] = True
        real &= ~np.tri(LENGTH, k=-1, dtype=bool) if triangle else True
        assert (np.abs(found[row][:, real]) < 100).all()
        assert (found[row][:, ~real] < -9900).all()


def test_padding_and_neighbours_in_the_batch_change_nothing(keras):
    layer = pointer()
    x, mask = sentences([9, 20], padded_to=30)
    long = np.array(layer(x, mask))
    short = np.array(layer(*sentences([9, 20], padded_to=20)))
    np.testing.assert_allclose(short[0, :, :9, :9], long[0, :, :9, :9], atol=1e-5)
    np.testing.assert_allclose(np.array(layer(x[:1], mask[:1])), long[:1], rtol=1e-6, atol=1e-5)


def test_survives_a_file(keras, tmp_path):
    inputs = keras.Input((None, WIDTH)), keras.Input((None, 1))
    model = keras.Model(inputs, pointer(rotary=False, triangle=False)(*inputs))
    assert model.output.shape == (None, HEADS, None, None)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[-1].get_config() == model.layers[-1].get_config()
    batch = [*sentences([LENGTH, 4])]
    np.testing.assert_array_equal(again.predict_on_batch(batch), model.predict_on_batch(batch))


def test_scores_are_float32_in_mixed_precision(keras):
    found = pointer(dtype="mixed_bfloat16")(*sentences([LENGTH, 4]))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    full = np.array(pointer()(*sentences([LENGTH, 4])))
    np.testing.assert_allclose(np.array(found)[full > -100], full[full > -100], atol=0.1)
