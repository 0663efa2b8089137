import numpy as np

WIDTH, CONDITION = 6, 4


def inputs() -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(0)
    return drawn.normal(2, 3, (3, 5, WIDTH)).astype(np.float32), drawn.normal(size=(3, CONDITION)).astype("f")


def normalization(**options):
    from tasks.learning.layers.conditional_normalisation import ConditionalLayerNormalization

    return ConditionalLayerNormalization(**options)


def test_begins_as_the_plain_normalisation_whatever_the_condition(keras):
    x, condition = inputs()
    layer, plain = normalization(epsilon=1e-3), keras.layers.LayerNormalization(epsilon=1e-3)
    layer(x, condition), plain(x)
    scale, shift = np.linspace(1, 2, WIDTH), np.linspace(-1, 1, WIDTH)
    layer.gamma.assign(scale), layer.beta.assign(shift), plain.set_weights([scale, shift])
    np.testing.assert_allclose(np.array(layer(x, condition)), np.array(plain(x)), atol=1e-5)


def test_condition_sets_scale_and_shift_of_its_own_record(keras):
    x, condition = inputs()
    layer = normalization(epsilon=1e-12)
    layer(x, condition)
    kernels = np.random.default_rng(1).normal(size=(2, CONDITION, WIDTH))
    layer.gamma_kernel.assign(kernels[0]), layer.beta_kernel.assign(kernels[1])
    normal = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
    expected = normal * (1 + condition @ kernels[0])[:, None] + (condition @ kernels[1])[:, None]
    np.testing.assert_allclose(np.array(layer(x, condition)), expected, atol=1e-4)


def test_survives_a_file(keras, tmp_path):
    places = keras.Input((None, WIDTH)), keras.Input((CONDITION,))
    model = keras.Model(places, normalization(epsilon=0.01)(*places))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[-1].epsilon == 0.01
    np.testing.assert_array_equal(again.predict_on_batch([*inputs()]), model.predict_on_batch([*inputs()]))


def test_works_in_bfloat16(keras):
    half = normalization(dtype="mixed_bfloat16")(*inputs())
    assert keras.backend.standardize_dtype(half.dtype) == "bfloat16"
    full = np.array(normalization()(*inputs()))
    np.testing.assert_allclose(np.array(keras.ops.cast(half, "float32")), full, atol=0.05)
