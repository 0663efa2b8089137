"""A single trace of the training step for batches of all sizes.

TensorFlow traces a step for the first batch's shapes, and again, with open sizes, when other shapes follow.
Which of these graphs computes a batch, and so how its sums are rounded, would depend on the batches before
it: a resumed training has not seen them and would end in other bytes.
"""

from typing import Any

import numpy as np


def trace_once(model: Any, inputs: Any, targets: Any, weights: Any = None) -> None:
    """Set a compiled model's `train_function` to one that is traced once for batches of all sizes.

    `compile` has no option for that. The function replaces the one that Keras makes at the first batch.
    Models whose inputs have fixed sizes, and backends other than TensorFlow, are left alone.

    Args:
        model: compiled.
        inputs: of any batch; only structure, ranks and dtypes count, as for targets and weights.
        weights: of its records, by output; None where batches have none.
    """
    import keras

    if keras.backend.backend() != "tensorflow" or not any(None in each.shape[1:] for each in model.inputs):
        return
    import tensorflow as tf

    def spec(value: Any, expected: Any = None) -> Any:
        shape = [None] * np.ndim(value) if expected is None else expected.shape
        return tf.TensorSpec(shape, np.asarray(value).dtype)

    labels = (targets,) if weights is None else (targets, weights)
    input_specs = keras.tree.map_structure(spec, inputs, model.input)
    signature = [input_specs, *(keras.tree.map_structure(spec, each) for each in labels)]
    step = tf.function(
        lambda *data: model.train_step(data), input_signature=signature, jit_compile=model.jit_compile
    )
    model.train_function = lambda batches: step(*[each for each in next(batches) if each is not None])
