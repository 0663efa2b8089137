"""One trace of a training step for batches of every length.

TensorFlow traces a step for the first shapes it meets, and again, for shapes of any size, when others follow.
Which of these graphs a batch goes through, and so how its sums are rounded, would rest on the batches before
it: a training that is resumed has not met them and would end in other bytes.
"""

from typing import Any

import numpy as np


def open_shapes(model: Any, inputs: Any, targets: Any, weights: Any = None) -> None:
    """Let a compiled model trace its step once for all batches like this one, whatever their sizes.

    Nothing changes for a model whose inputs have but one size, or on another backend than TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow" or not any(None in each.shape[1:] for each in model.inputs):
        return
    import tensorflow as tf

    given = (targets,) if weights is None else (targets, weights)
    taken = keras.tree.map_structure(_spec, inputs, model.input)
    signature = [taken, *(keras.tree.map_structure(_open, each) for each in given)]
    step = tf.function(
        lambda *data: model.train_step(data), input_signature=signature, jit_compile=model.jit_compile
    )
    model.train_function = lambda batches: step(*[each for each in next(batches) if each is not None])


def _spec(value: Any, expected: Any) -> Any:
    import tensorflow as tf

    return tf.TensorSpec(expected.shape, np.asarray(value).dtype)


def _open(value: Any) -> Any:
    import tensorflow as tf

    return tf.TensorSpec([None] * np.ndim(value), np.asarray(value).dtype)
