"""A single trace of the training step for batches of all sizes.

TensorFlow traces a step for the first batch's shapes, and again, with open sizes, when other shapes follow.
Which of these graphs computes a batch, and so how its sums are rounded, would depend on the batches before
it: a resumed training has not seen them and would end in other bytes.
"""

from typing import Any

import numpy as np


def open_signature(model: Any, data: Any) -> list[Any] | None:
    """Return specs for `tf.function` with which a step is traced once for batches of all sizes.

    Models whose inputs have fixed sizes need none: their steps are traced for each number of records.

    Args:
        data: (inputs, targets) or (inputs, targets, weights by output) of any batch; only structure, ranks
            and dtypes count.

    Returns:
        A spec for each array of `keras.tree.flatten(data)`, or None.
    """
    import keras
    import tensorflow as tf

    if not any(None in each.shape[1:] for each in model.inputs):
        return None

    def spec(value: Any, expected: Any = None) -> Any:
        shape = [None] * np.ndim(value) if expected is None else expected.shape
        return tf.TensorSpec(shape, np.asarray(value).dtype)

    inputs, *labels = data
    specs = [keras.tree.map_structure(spec, inputs, model.input), keras.tree.map_structure(spec, labels)]
    flat: list[Any] = keras.tree.flatten(specs)
    return flat
