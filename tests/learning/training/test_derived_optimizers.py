"""Optimizers against their formulas, written out in `references`, in compiled functions."""

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.core.errors import InvalidSettings
from tasks.learning.training.keras_setup import configure
from tasks.learning.training.optimizers import CLASSES, make_optimizer, transfer_state
from tests.learning.references import RATE, Adam, Sgd, constant, course, optimizer_of, state, variables, walk

START = [1.0, -2.0, 0.5]
GRADIENTS = [[1.0, -0.5, 2.0], [0.25, 3.0, -1.0], [-1.5, 0.5, 0.75], [2.0, 2.0, -0.125], [0.5, -1.0, 1.0]]
near_to = {"abs": 1e-6, "rel": 1e-6}


@pytest.fixture(autouse=True, scope="module")
def _ready():
    configure(0)


RULES = {
    "sgd": (constant(optimizer="sgd", momentum=0.9, weight_decay=0.5), Sgd, {"decay": 0.5}),
    "adam": (constant(optimizer="adam"), Adam, {}),
    "adamw": (
        constant(optimizer="adamw", weight_decay=0.5, epsilon=0.01),
        Adam,
        {"decay": 0.5, "epsilon": 0.01},
    ),
    "lamb": (constant(optimizer="lamb", weight_decay=0.5), Adam, {"decay": 0.5, "lamb": True}),
}


@pytest.mark.parametrize("name", RULES)
def test_a_factor_is_another_learning_rate_for_steps_and_decay_alike(name):
    stage, rule, options = RULES[name]
    learned = variables(near=START, far=START)
    near, far = walk(optimizer_of(stage, far=0.25), learned, GRADIENTS, GRADIENTS)
    assert near == pytest.approx(course(rule(START, **options), GRADIENTS), **near_to)
    assert far == pytest.approx(course(rule(START, rate=RATE / 4, **options), GRADIENTS), **near_to)


def test_factors_by_parts_of_paths_multiply():
    stage = constant(optimizer="sgd", learning_rate_factors={"er/wide": 0.5, "table": 0.1})
    learned = variables(kernel=START, wide_kernel=START, wide_table=START)
    found = walk(optimizer_of(stage, wide_table=0.2), learned, GRADIENTS, GRADIENTS, GRADIENTS)
    for values, factor in zip(found, (1, 0.5, 0.5 * 0.1 * 0.2), strict=True):
        assert values == pytest.approx(course(Sgd(START, rate=RATE * factor), GRADIENTS), **near_to)


def test_a_factor_for_no_variable_is_refused():
    optimizer = optimizer_of(constant(learning_rate_factors={"kernel": 1.0, "kernels": 0.5}))
    with pytest.raises(
        InvalidSettings, match=r"paths of variables that learn \(layer/kernel, …\), received kernels"
    ):
        optimizer.build(variables(kernel=START))


def test_updates_take_the_mean_of_their_batches_and_leave_momenta_alone_in_between():
    optimizer, learned = optimizer_of(constant(accumulate=2, weight_decay=0.5)), variables(kernel=START)
    means = [np.mean(GRADIENTS[:2], axis=0), np.mean(GRADIENTS[2:4], axis=0)]
    first, second = course(Adam(START, decay=0.5), means)
    (found,) = walk(optimizer, learned, GRADIENTS[:3])
    assert found == pytest.approx(np.array([START, first, first]), **near_to)
    assert state(optimizer, "momentum") == pytest.approx(0.1 * means[0], **near_to)
    assert state(optimizer, "gradient_accumulator") == pytest.approx(np.array(GRADIENTS[2]))
    (found,) = walk(optimizer, learned, GRADIENTS[3:4])
    assert found[-1] == pytest.approx(second, **near_to)
    assert state(optimizer, "gradient_accumulator").tolist() == [0, 0, 0]


def test_the_average_follows_updates_and_not_batches():
    optimizer, learned = (
        optimizer_of(constant(optimizer="sgd", accumulate=2), ema=0.75),
        variables(kernel=START),
    )
    first, second = course(Sgd(START), [np.mean(GRADIENTS[:2], axis=0), np.mean(GRADIENTS[2:4], axis=0)])
    walk(optimizer, learned, GRADIENTS)
    average = 0.75 * first + 0.25 * second
    assert state(optimizer, "average") == pytest.approx(average, **near_to)
    optimizer.finalize_variable_values(learned)
    assert np.array(learned[0].numpy()) == pytest.approx(average, **near_to)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_corrected_average_is_one_of_the_weights_since_the_first_update_alone(accumulate):
    stage = constant(optimizer="sgd", accumulate=accumulate, ema_corrected=True)
    optimizer, learned = optimizer_of(stage, ema=0.75), variables(kernel=START)
    count = len(GRADIENTS) // accumulate
    means = [np.mean(GRADIENTS[n * accumulate : (n + 1) * accumulate], axis=0) for n in range(count)]
    weights = course(Sgd(START), means)
    walk(optimizer, learned, GRADIENTS)
    total = sum(0.25 * 0.75 ** (count - 1 - n) * weight for n, weight in enumerate(weights))
    assert state(optimizer, "average") == pytest.approx(total / (1 - 0.75**count), **near_to)


def test_gradients_are_scaled_down_to_a_norm_together():
    gradients = [[3.0], [0.3], [0.0]], [[4.0], [0.4], [0.0]]  # norms 5, 0.5 and 0
    stage = constant(optimizer="sgd", learning_rate=0.1, momentum=0.0, clip_norm=1.0)
    left, right = walk(optimizer_of(stage), variables(left=[0.0], right=[0.0]), *gradients)
    assert left[:, 0] == pytest.approx([-0.06, -0.09, -0.09], **near_to)
    assert right[:, 0] == pytest.approx([-0.08, -0.12, -0.12], **near_to)


def test_the_mean_of_batches_is_clipped_and_not_each():
    stage = constant(optimizer="sgd", learning_rate=0.1, momentum=0.0, clip_norm=1.0, accumulate=2)
    (found,) = walk(optimizer_of(stage), variables(kernel=[0.0]), [[10.0], [-9.0]])
    assert found[-1] == pytest.approx([-0.05], **near_to)


@pytest.mark.parametrize(("start", "gradient"), [([0.0, 0.0], [1.0, -2.0]), ([1.0, 1.0], [0.0, 0.0])])
def test_the_trust_ratio_of_lamb_is_one_where_a_norm_is_zero(start, gradient):
    (found,) = walk(optimizer_of(constant(optimizer="lamb")), variables(kernel=start), [gradient])
    assert found[0] == pytest.approx(np.array(start) - RATE * np.sign(gradient), **near_to)


def test_adafactor_follows_its_formula():
    gradient = np.array([[1.0, -2.0], [0.5, 4.0]])
    square = gradient**2
    estimate = np.outer(square.mean(1), square.mean(0)) / square.mean()
    step = gradient / np.sqrt(estimate)
    step /= max(1.0, np.sqrt((step**2).mean()))
    start = np.array([[2.0, 1.0], [-1.0, 1.0]])
    size = np.sqrt((start**2).mean())
    stage = constant(optimizer="adafactor", learning_rate=0.01)
    (found,) = walk(optimizer_of(stage), variables(kernel=start), [gradient])
    assert found[0] == pytest.approx(start - 0.01 * size * step, **near_to)


def test_adafactor_bears_an_unused_row_that_meets_an_unused_column():
    gradient = [[1e2, 1e2, 0.0], [1e2, 1e2, 0.0], [0.0, 0.0, 0.0]]
    stage = constant(optimizer="adafactor")
    (found,) = walk(optimizer_of(stage), variables(kernel=np.ones((3, 3))), [gradient] * 3)
    assert np.isfinite(found).all()
    assert (found[:, :2, :2] < 1).all()
    assert found[:, 2] == pytest.approx(np.ones((3, 3)))


def test_muon_orthogonalises_matrices_and_leaves_the_rest_to_adamw():
    stage = constant(optimizer="muon", weight_decay=0.5)
    table, matrix = [[1.0, 2.0], [3.0, 4.0]], np.diag([1.0, 3.0])
    learned = variables(bias=START, embeddings=table, kernel=np.zeros((2, 2)))
    bias, rows, kernel = walk(optimizer_of(stage), learned, GRADIENTS, [table] * 5, [matrix] * 5)
    assert bias == pytest.approx(course(Adam(START), GRADIENTS), **near_to)  # biases do not decay
    assert rows == pytest.approx(course(Adam(table, decay=0.5), [table] * 5), **near_to)
    # orthogonal up to what five iterations leave (singular values 0.7 … 1.2), times 0.2 √2 and the rate
    assert np.abs(kernel[0][[0, 1], [1, 0]]).max() < 1e-6
    assert (-np.diag(kernel[0]) / (RATE * 0.2 * np.sqrt(2))) == pytest.approx([0.95, 0.95], abs=0.27)


@pytest.mark.parametrize("name", [*CLASSES, "lamb"])
def test_rows_used_twice_count_with_the_sum_of_their_gradients(name):
    import tensorflow as tf

    whole, slices = [[0.0, 0.0], [4.0, 6.0], [0.0, 0.0]], [[1.0, 2.0], [3.0, 4.0]]
    found = []
    for gradient in (tf.constant(whole), tf.IndexedSlices(tf.constant(slices), tf.constant([1, 1]), (3, 2))):
        optimizer, learned = optimizer_of(constant(optimizer=name)), variables(embeddings=np.ones((3, 2)))
        optimizer.build(learned)
        for _ in range(3):
            optimizer.apply([gradient])
        found.append(np.array(learned[0].numpy()))
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize("name", [*CLASSES, "lamb"])
def test_every_optimizer_learns_with_everything_around_it(keras, name):
    stage = Stage(
        epochs=10,
        optimizer=name,
        learning_rate={"lamb": 0.2, "adafactor": 0.5}.get(name, 0.05),
        schedule="linear",
        clip_norm=5.0,
        accumulate=2,
        lookahead_steps=3,
        lazy_embeddings=name not in ("lamb", "adafactor"),
        weight_decay=0.01,
    )
    inputs = keras.Input((4,), dtype="int32")
    x = keras.layers.Embedding(5, 3, name="characters")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(keras.layers.Flatten()(x)))
    optimizer = make_optimizer(stage, steps_per_epoch=10, factors={"head/bias": 0.5}, ema=0.8)
    model.compile(optimizer=optimizer, loss="mse", jit_compile=False)
    drawn = np.random.default_rng(0).integers(0, 5, size=(100, 8, 4))
    losses = [float(model.train_on_batch(x, (x == 2).sum(axis=1, keepdims=True))) for x in drawn]
    assert np.isfinite(losses).all()
    model.reset_metrics()
    x = drawn[0]
    assert float(model.test_on_batch(x, (x == 2).sum(axis=1, keepdims=True))) < 0.8 * losses[0]


def test_parts_of_the_state_have_names_of_their_own():
    optimizer = optimizer_of(constant(lookahead_steps=2, accumulate=2), ema=0.5)
    optimizer.build(variables(kernel=START, bias=START))
    paths = [variable.path for variable in optimizer.variables]
    assert (
        len(set(paths))
        == len(paths)
        == 2 + 2 * len(("average", "accumulator", "momentum", "velocity", "slow"))
    )


def test_momenta_and_averages_are_handed_on_and_neither_rate_nor_left_over_batches():
    first, second = (
        optimizer_of(constant(optimizer="sgd", learning_rate=rate, accumulate=2), ema=0.5)
        for rate in (0.1, 0.2)
    )
    learned = variables(kernel=START)
    walk(first, learned, GRADIENTS[:3])
    second.build(learned)
    transfer_state(first, second)
    for name in ("momentum", "average"):
        assert state(second, name).tolist() == state(first, name).tolist() != [0, 0, 0]
    assert state(second, "gradient_accumulator").tolist() == [0, 0, 0]
    assert int(second._iterations.numpy()) == 0
    assert float(second.learning_rate.numpy()) == pytest.approx(0.2)


def test_another_rule_starts_with_a_state_of_its_own():
    first, second = optimizer_of(constant(optimizer="sgd")), optimizer_of(constant(optimizer="lion"))
    learned = variables(kernel=START)
    walk(first, learned, GRADIENTS)
    second.build(learned)
    transfer_state(first, second)
    assert state(second, "momentum").tolist() == [0, 0, 0]
