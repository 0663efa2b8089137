import numpy as np
import pytest

CHANNELS = 6


def convolution(**options):
    from tasks.learning.layers.gated_convolution import GatedDilatedConvolution

    return GatedDilatedConvolution(CHANNELS, seed=1, **options)


def sentences(lengths: list[int], *, padded_to: int) -> tuple[np.ndarray, np.ndarray]:
    """(b, n, d) numbers, equal for equal rows whatever the padding, and their mask (b, n, 1)."""
    mask = (np.arange(padded_to) < np.array(lengths)[:, None])[..., None].astype(np.float32)
    x = np.random.default_rng(0).normal(size=(60, len(lengths), CHANNELS)).astype(np.float32)
    return x[:padded_to].transpose(1, 0, 2) * mask, mask


def given_weights(layer):
    kernel, bias = layer.get_weights()[:2]
    layer.convolution.set_weights([kernel, np.linspace(-1, 1, len(bias))])
    return layer.convolution.get_weights()


def by_hand(x, mask, kernel, bias, *, dilation):
    """Position by position, from the definition."""
    reach, out = len(kernel) // 2, np.zeros_like(x)
    for row, position in np.ndindex(x.shape[:2]):
        total = bias.copy()
        for tap in range(len(kernel)):
            place = position + (tap - reach) * dilation
            if 0 <= place < x.shape[1]:
                total += x[row, place] @ kernel[tap]
        gate, candidate = 1 / (1 + np.exp(-total[:CHANNELS])), total[CHANNELS:]
        out[row, position] = gate * x[row, position] + (1 - gate) * candidate
    return out * mask


@pytest.mark.parametrize(("kernel_size", "dilation"), [(3, 1), (3, 2), (3, 5), (5, 2), (1, 1)])
def test_equals_the_definition(keras, kernel_size, dilation):
    x, mask = sentences([9, 4], padded_to=11)
    layer = convolution(kernel_size=kernel_size, dilation=dilation)
    layer(x, mask)
    expected = by_hand(x, mask, *given_weights(layer), dilation=dilation)
    np.testing.assert_allclose(np.array(layer(x, mask)), expected, atol=1e-5)


def test_padding_and_neighbours_in_the_batch_change_nothing(keras):
    layers = [convolution(dilation=dilation) for dilation in (1, 2, 5)]

    def run(x, mask):
        for layer in layers:
            x = layer(x, mask)
        return np.array(x)

    long = run(*sentences([17, 5, 12], padded_to=60))
    np.testing.assert_allclose(run(*sentences([17, 5, 12], padded_to=20)), long[:, :20], atol=1e-6)
    x, mask = sentences([17, 5, 12], padded_to=60)
    np.testing.assert_allclose(run(x[1:2], mask[1:2])[0], long[1], atol=1e-6)
    assert not long[1, 5:].any()


def test_a_dropped_gate_is_half_open(keras):
    x, mask = sentences([8], padded_to=8)
    layer = convolution(gate_dropout=0.5)
    layer(x, mask)
    layer.convolution.set_weights([np.zeros((3, 6, 12)), np.r_[np.full(6, 50.0), np.zeros(6)]])
    shares = np.array(layer(x, mask, training=True)) / x
    np.testing.assert_allclose(np.unique(np.round(shares, 5)), [0.5, 1.0])


def test_dropout_follows_its_seed(keras):
    x, mask = sentences([8, 8], padded_to=8)
    first, second = (np.array(convolution(gate_dropout=0.5)(x, mask, training=True)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, np.array(convolution(gate_dropout=0.5)(x, mask)))


def test_refuses_other_channels(keras):
    with pytest.raises(ValueError, match="expected 6 channels, received 4"):
        convolution()(np.zeros((1, 3, 4), np.float32), np.ones((1, 3, 1), np.float32))


def test_survives_a_file(keras, tmp_path):
    x, mask = sentences([9, 4], padded_to=9)
    inputs = keras.Input((None, CHANNELS)), keras.Input((None, 1))
    model = keras.Model(inputs, convolution(dilation=2, gate_dropout=0.3)(*inputs))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[-1].get_config() == model.layers[-1].get_config()
    np.testing.assert_array_equal(again.predict_on_batch([x, mask]), model.predict_on_batch([x, mask]))


def test_works_in_bfloat16(keras):
    x, mask = sentences([9, 4], padded_to=9)
    half = convolution(dtype="mixed_bfloat16")(x, mask)
    assert keras.backend.standardize_dtype(half.dtype) == "bfloat16"
    full = np.array(convolution()(x, mask))
    np.testing.assert_allclose(np.array(keras.ops.cast(half, "float32")), full, atol=0.05)
