import numpy as np
import pytest

WIDTH, HEADS, HEAD_SIZE = 6, 2, 4


def attention(**options):
    from tasks.learning.layers.self_attention import MaskedSelfAttention

    return MaskedSelfAttention(HEADS, HEAD_SIZE, seed=1, **options)


def sentences(lengths: list[int], *, padded_to: int) -> tuple[np.ndarray, np.ndarray]:
    """(b, n, d) numbers, at padding too, and their mask (b, n, 1)."""
    mask = (np.arange(padded_to) < np.array(lengths)[:, None])[..., None].astype(np.float32)
    x = np.random.default_rng(0).normal(size=(60, len(lengths), WIDTH)).astype(np.float32)
    return x[:padded_to].transpose(1, 0, 2), mask


def by_hand(x, length, kernel):
    """One sentence (n, d), head by head over its real positions; zero behind them."""
    queries, keys, values = np.split(x[:length] @ kernel, 3, axis=-1)
    out = np.zeros((len(x), HEADS * HEAD_SIZE))
    for head in range(HEADS):
        part = slice(head * HEAD_SIZE, (head + 1) * HEAD_SIZE)
        odds = np.exp(queries[:, part] @ keys[:, part].T / np.sqrt(HEAD_SIZE))
        out[:length, part] = odds / odds.sum(axis=1, keepdims=True) @ values[:, part]
    return out


def test_equals_the_definition(keras):
    lengths = [9, 4, 1]
    x, mask = sentences(lengths, padded_to=11)
    layer = attention()
    found = np.array(layer(x, mask))
    expected = [by_hand(row, length, layer.get_weights()[0]) for row, length in zip(x, lengths, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_padding_and_neighbours_in_the_batch_change_nothing(keras):
    layer = attention()
    x, mask = sentences([17, 5, 12], padded_to=60)
    long = np.array(layer(x, mask))
    short = np.array(layer(*sentences([17, 5, 12], padded_to=20)))
    np.testing.assert_allclose(short, long[:, :20], atol=1e-6)
    np.testing.assert_allclose(np.array(layer(x[1:2], mask[1:2]))[0], long[1], atol=1e-6)


def test_what_stands_at_padding_is_not_seen(keras):
    x, mask = sentences([5], padded_to=9)
    layer = attention()
    np.testing.assert_array_equal(
        np.array(layer(x * mask + 1e3 * (1 - mask), mask)), np.array(layer(x, mask))
    )


def test_a_sentence_of_padding_alone_gives_zeros(keras):
    x, mask = sentences([0, 3], padded_to=4)
    assert not np.array(attention()(x, mask))[0].any()


def test_survives_a_file(keras, tmp_path):
    x, mask = sentences([9, 4], padded_to=9)
    inputs = keras.Input((None, WIDTH)), keras.Input((None, 1))
    model = keras.Model(inputs, attention()(*inputs))
    assert model.output.shape == (None, None, HEADS * HEAD_SIZE)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[-1].get_config() == model.layers[-1].get_config()
    np.testing.assert_array_equal(again.predict_on_batch([x, mask]), model.predict_on_batch([x, mask]))


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_works_in_half_precision(keras, dtype):
    x, mask = sentences([9, 4, 0], padded_to=9)
    half = np.array(keras.ops.cast(attention(dtype=dtype)(x, mask), "float32"))
    np.testing.assert_allclose(half, np.array(attention()(x, mask)), atol=0.05)
