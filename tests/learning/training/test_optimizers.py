from typing import Any

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.learning.training.optimizers import block_name, layer_factors, make_optimizer


def constant(**settings: Any) -> Stage:
    return Stage(schedule="constant", learning_rate=0.1, **settings)


def variables(keras: Any, **values: list[float]) -> list[Any]:
    made = []
    for name, value in values.items():
        with keras.name_scope("layer"):
            made.append(keras.Variable(np.array(value, np.float32), name=name))
    return made


def optimizer_of(stage: Stage, *, ema: float = 0.0, **factors: float) -> Any:
    paths = {f"layer/{name}": factor for name, factor in factors.items()}
    return make_optimizer(stage, steps_per_epoch=10, factors=paths, ema=ema)


def stepped(optimizer: Any, learned: list[Any], gradients: list[list[float]]) -> list[list[float]]:
    optimizer.build(learned)
    optimizer.apply_gradients(zip([tensor(gradient) for gradient in gradients], learned, strict=True))
    return [np.array(variable).tolist() for variable in learned]


def tensor(values: list[float]) -> Any:
    from keras import ops

    return ops.convert_to_tensor(values, "float32")


def test_a_factor_scales_the_step_of_sgd(keras):
    learned = variables(keras, near=[1.0], far=[1.0])
    optimizer = optimizer_of(constant(optimizer="sgd", momentum=0.0), far=0.25)
    near, far = stepped(optimizer, learned, [[2.0], [2.0]])
    assert near == pytest.approx([1 - 0.1 * 2])
    assert far == pytest.approx([1 - 0.25 * 0.1 * 2])


def test_a_factor_scales_the_step_of_adamw(keras):
    learned = variables(keras, near=[1.0, 1.0], far=[1.0, 1.0])
    near, far = stepped(optimizer_of(constant(), far=0.25), learned, [[3.0, -0.5], [3.0, -0.5]])
    # the first step of Adam is the learning rate in the gradient's direction
    assert near == pytest.approx([0.9, 1.1], abs=1e-5)
    assert far == pytest.approx([0.975, 1.025], abs=1e-5)


def test_factors_hold_inside_a_compiled_model(keras):
    layers = [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name) for name in "ab"]
    inputs = keras.Input((1,))
    model = keras.Model(inputs, layers[1](layers[0](inputs)))
    optimizer = make_optimizer(
        constant(optimizer="sgd", momentum=0.0), steps_per_epoch=1, factors={"a/kernel": 0.5}, ema=0.0
    )
    model.compile(optimizer=optimizer, loss=lambda truth, output: output, jit_compile=False)
    model.train_on_batch(np.array([[1.0]], np.float32), np.array([[0.0]], np.float32))
    assert [float(layer.kernel[0, 0]) for layer in layers] == pytest.approx([1 - 0.05, 1 - 0.1])


def test_momentum_carries_the_previous_step(keras):
    learned = variables(keras, kernel=[1.0])
    optimizer = optimizer_of(constant(optimizer="sgd", momentum=0.5))
    stepped(optimizer, learned, [[1.0]])
    optimizer.apply_gradients([(tensor([1.0]), learned[0])])
    assert float(learned[0][0]) == pytest.approx(1 - 0.1 - (0.05 + 0.1))


@pytest.mark.parametrize("name", ["sgd", "adamw", "lion"])
def test_weight_decay_leaves_biases_norms_and_centers_alone(keras, name):
    learned = variables(keras, kernel=[1.0], bias=[1.0], gamma=[1.0], beta=[1.0], centers=[1.0])
    after = stepped(optimizer_of(constant(optimizer=name, weight_decay=0.5)), learned, [[0.0]] * 5)
    assert after[0] == pytest.approx([1 - 0.1 * 0.5])
    assert after[1:] == [[1.0]] * 4


def test_adam_has_no_weight_decay(keras):
    learned = variables(keras, kernel=[1.0])
    assert stepped(optimizer_of(constant(optimizer="adam", weight_decay=0.5)), learned, [[0.0]]) == [[1.0]]


def test_the_moving_average_follows_with_its_momentum(keras):
    learned = variables(keras, kernel=[1.0])
    optimizer = optimizer_of(constant(optimizer="sgd", momentum=0.0), ema=0.75)
    gradient = tensor([1.0])
    optimizer.build(learned)
    for _ in range(2):
        optimizer.apply_gradients([(gradient, learned[0])])
    assert float(learned[0][0]) == pytest.approx(0.8)
    optimizer.finalize_variable_values(learned)
    # it begins with the weights after the first step, 0.9
    assert float(learned[0][0]) == pytest.approx(0.75 * 0.9 + 0.25 * 0.8)


@pytest.mark.parametrize(
    ("layer", "block"),
    [
        ("block_13_expand", "block_13"),
        ("block_13_project_BN", "block_13"),
        ("block2_conv", "block2"),
        ("Conv_1", "Conv_1"),
        ("dense", "dense"),
    ],
)
def test_a_block_is_what_stands_before_the_first_numbers_end(layer, block):
    assert block_name(layer) == block


def test_layer_factors_count_blocks_from_the_heads(keras):
    names = ["block1_conv", "block1_norm", "block2_conv", "block2_relu", "block3_conv"]
    makers = {"conv": lambda name: keras.layers.Dense(2, name=name)}
    makers |= {"norm": lambda name: keras.layers.BatchNormalization(name=name)}
    makers |= {"relu": lambda name: keras.layers.Activation("relu", name=name)}
    body = [makers[name.split("_")[1]](name) for name in names]
    head = keras.layers.Dense(3, name="main")
    keras.Sequential([keras.Input((2,)), *body, head], name="breeds")
    factors = layer_factors(body, [head], decay=0.5)
    assert {path: factor for path, factor in factors.items() if path.endswith(("kernel", "gamma"))} == {
        "breeds/block1_conv/kernel": 0.125,
        "breeds/block1_norm/gamma": 0.125,
        "breeds/block2_conv/kernel": 0.25,
        "breeds/block3_conv/kernel": 0.5,
        "breeds/main/kernel": 1.0,
    }
    assert layer_factors(body, [head], decay=1) == {}
