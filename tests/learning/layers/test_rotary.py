import numpy as np
import pytest


def at(position: int, vector: np.ndarray, *, length: int = 16) -> np.ndarray:
    """The vector, turned where it stands in an otherwise empty sequence."""
    from tasks.learning.layers.global_pointer import rotate

    x = np.zeros((1, length, len(vector)), np.float32)
    x[0, position] = vector
    return np.array(rotate(x))[0, position]


def vectors(size: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.random.default_rng(0).normal(size=(2, size)).astype(np.float32)
    return first, second


@pytest.mark.parametrize(("m", "n"), [(0, 3), (7, 2), (4, 4)])
def test_products_depend_on_the_distance_alone(keras, m, n):
    query, key = vectors(8)
    near, far = at(m, query) @ at(n, key), at(m + 5, query) @ at(n + 5, key)
    np.testing.assert_allclose(near, far, atol=1e-5)
    if m != n:
        assert abs(near - at(m, query) @ at(m, key)) > 1e-3


def test_pairs_turn_as_complex_numbers(keras):
    vector, position = vectors(6)[0], 11
    turned = at(position, vector)
    rates = 10000.0 ** -np.array([0, 2 / 6, 4 / 6])
    expected = (vector[::2] + 1j * vector[1::2]) * np.exp(1j * position * rates)
    np.testing.assert_allclose(turned[::2] + 1j * turned[1::2], expected, atol=1e-5)


def test_axes_between_positions_and_channels_are_left_alone(keras):
    from tasks.learning.layers.global_pointer import rotate

    x = np.random.default_rng(1).normal(size=(2, 5, 3, 4, 8)).astype(np.float32)
    whole = np.array(rotate(x))
    for head, part in np.ndindex(3, 4):
        np.testing.assert_allclose(whole[:, :, head, part], np.array(rotate(x[:, :, head, part])), atol=1e-6)


def test_odd_channels_are_refused(keras):
    from tasks.learning.layers.global_pointer import rotate

    with pytest.raises(ValueError, match="received 5"):
        rotate(np.zeros((1, 2, 5), np.float32))
