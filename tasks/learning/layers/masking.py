"""Values of padding, put so low that they are no maximum and get no share of a softmax.

They are chosen by `where`, not by adding a penalty. On TensorFlow `keras.ops.add` (3.15), which `+` is
between the symbolic tensors of a network, takes a second operand with a single axis longer than 1 for a
bias of the channels if it has as many entries as these: a penalty (1, n, 1) is added to values (1, n, n)
along the wrong axis. And under JAX XLA may round `x + (1 - mask) * penalty` differently where it computes
it again for the gradient of a maximum, which then finds no place of the maximum and is 0 / 0.
"""

from typing import Any

from keras import ops

EXCLUDED = -1e9


def masked(values: Any, mask: Any, *, excluded: float = EXCLUDED) -> Any:
    """The values where the mask is 1, and `excluded` elsewhere.

    Args:
        mask: of 1 and 0, of a shape that broadcasts to that of the values.
    """
    return ops.where(ops.cast(mask, "bool"), values, excluded)
