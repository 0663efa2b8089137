"""Names of Keras that are not documented, which are replaced or overridden here, exist as expected."""

import random

import numpy as np
import pytest


def test_seeds_of_layers_come_from_the_module_attribute_that_is_replaced(keras):
    from keras.src.random import seed_generator

    assert hasattr(seed_generator.python_random, "randint")
    original, seed_generator.python_random = seed_generator.python_random, random.Random(3)
    try:
        seed = keras.initializers.GlorotUniform().seed
    finally:
        seed_generator.python_random = original
    assert seed == random.Random(3).randint(1, int(1e9))


@pytest.mark.parametrize(
    "name",
    [
        "_apply_weight_decay",
        "_backend_update_step",
        "_get_variable_index",
        "_update_model_variables_moving_average",
        "_use_weight_decay",
        "add_optimizer_variables",
        "finalize_variable_values",
    ],
)
def test_optimizers_have_the_methods_that_are_overridden(keras, name):
    assert callable(getattr(keras.optimizers.Optimizer, name))


def test_optimizers_and_models_have_the_attributes_that_are_used(keras):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", weighted_metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    assert model.optimizer._trainable_variables == model.trainable_variables
    before = len(model.metrics_variables)
    model._symbolic_build(data_batch=(np.zeros((1, 2)), np.zeros((1, 1))))
    assert len(model.metrics_variables) == before + 2  # those of the accuracy
