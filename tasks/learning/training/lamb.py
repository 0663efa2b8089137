"""LAMB with weight decay as published (You et al., Large Batch Optimization for Deep Learning, ICLR 2020)."""

from functools import cache
from typing import Any


@cache
def lamb() -> type:
    """Return Keras's LAMB with weight decay as a part of the update whose norm the trust ratio measures.

    A step moves weights w by learning rate · ‖w‖ / ‖u‖ · u, where u is Adam's corrected direction plus
    decay · w (algorithm 2 of the paper). Keras's own LAMB decays weights outside of it, so that large decays
    move weights by more than the ratio allows.
    """
    import keras
    from keras import ops

    class PublishedLamb(keras.optimizers.Lamb):
        decays_in_update = True
        """Whether `update_step` applies `decay_of`."""
        decay_of: list[float]
        """Weight decay by the index of a variable."""

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            index, dtype = self._get_variable_index(variable), variable.dtype
            gradient, steps = ops.cast(gradient, dtype), ops.cast(self.iterations + 1, dtype)
            momentum, velocity = self._momentums[index], self._velocities[index]
            self.assign_add(momentum, (gradient - momentum) * (1 - self.beta_1))
            self.assign_add(velocity, (ops.square(gradient) - velocity) * (1 - self.beta_2))
            mean = momentum / (1 - ops.power(ops.cast(self.beta_1, dtype), steps))
            spread = ops.sqrt(velocity / (1 - ops.power(ops.cast(self.beta_2, dtype), steps)))
            update = mean / (spread + self.epsilon) + self.decay_of[index] * variable
            size, length = (ops.sqrt(ops.sum(ops.square(values))) for values in (variable, update))
            moves = ops.logical_and(size > 0, length > 0)
            ratio = ops.where(moves, size / ops.where(moves, length, 1.0), 1.0)
            self.assign_sub(variable, ops.cast(learning_rate, dtype) * ratio * update)

    return PublishedLamb
