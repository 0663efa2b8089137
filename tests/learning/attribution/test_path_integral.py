"""Integrated gradients of functions whose attributions are known."""

import numpy as np
import pytest

from tasks.learning.attribution.path_integral import Attribution, integrate, mean


def along(function, gradient, start, end):
    """The slopes of a function of one group of inputs."""

    def slopes(places):
        points = [start + place * (end - start) for place in places]
        return (
            np.array([function(point) for point in points]),
            [np.stack([gradient(point) * (end - start) for point in points])],
        )

    return slopes


ZERO, ONES = np.zeros(3), np.ones(3)


def test_a_linear_function_gives_its_weights_with_the_first_points():
    weights = np.array([0.5, -0.25, 0.0])
    found = integrate(along(lambda x: x @ weights, lambda x: weights, ZERO, ONES), at_once=4)
    np.testing.assert_allclose(found.values[0], weights, atol=1e-12)
    assert (found.output, found.baseline, found.points) == (0.25, 0.0, 9)
    assert found.error < 1e-9


def test_symmetric_inputs_get_equal_shares_and_ignored_ones_nothing():
    def gradient(x):
        return np.array([x[1], x[0], 0.0])

    found = integrate(along(lambda x: x[0] * x[1], gradient, ZERO, ONES))
    assert found.values[0][0] == pytest.approx(found.values[0][1], abs=1e-12)
    assert found.values[0][2] == 0
    assert found.is_complete


def test_a_jump_on_a_short_stretch_is_found_by_points_there_alone():
    def function(x):
        return 1 / (1 + np.exp(-400 * (x[0] - 0.437)))

    def gradient(x):
        return np.array([400 * function(x) * (1 - function(x)), 0.0, 0.0])

    found = integrate(along(function, gradient, ZERO, ONES))
    assert found.is_complete
    assert found.total == pytest.approx(1, abs=0.01)
    assert found.points < 100  # equally spaced, it takes more than 400


def test_without_enough_points_the_attribution_says_that_it_is_not_complete():
    def function(x):
        return (1 + np.tanh(1e5 * (x[0] - 0.437))) / 2

    found = integrate(along(function, lambda x: np.zeros(3), ZERO, ONES), most_points=32)
    assert not found.is_complete
    assert found.error == pytest.approx(1)
    assert found.points == 32


def test_gaps_that_cancel_each_other_do_not_pass_for_completeness():
    """Up and down again: both ends are alike, and so are the gradients there."""

    def function(x):
        return np.exp(-(((x[0] - 0.3) * 30) ** 2))

    def gradient(x):
        return np.array([-2 * 900 * (x[0] - 0.3) * function(x), 0.0, 0.0])

    found = integrate(along(function, gradient, ZERO, ONES))
    assert found.points > 20
    assert abs(found.total) < 1e-3


def test_every_call_has_the_same_number_of_points():
    calls = []

    def slopes(places):
        calls.append(len(places))
        return places**3, [3 * places[:, None] ** 2]

    assert integrate(slopes, at_once=5).is_complete
    assert set(calls) == {5}


def test_the_mean_of_networks_has_the_mean_weights():
    one = Attribution([np.array([1.0, 0.0])], 1.0, 0.0, 9)
    two = Attribution([np.array([0.0, 0.5])], 0.6, 0.1, 17)
    found = mean([one, two])
    np.testing.assert_allclose(found.values[0], [0.5, 0.25])
    assert found.output == pytest.approx(0.8)
    assert found.baseline == pytest.approx(0.05)
    assert found.is_complete
    assert found.points == 26
