"""Lookahead (Zhang et al., NeurIPS 2019) around any Keras optimizer."""

from functools import cache
from typing import Any


@cache
def looking_ahead(optimizer: type) -> type:
    """The optimizer class whose weights go back, every `steps` updates, to `share` of the way they came.

    The weights that remain are the slow ones, a variable each. They start where the weights are before
    the first update, so that neither the time of the build nor state handed on by an earlier stage
    matters. A moving average follows the weights after they went back.
    """
    from keras import ops

    class Lookahead(optimizer):
        lookahead_steps = 5
        lookahead_share = 0.5

        def build(self, variables: list[Any]) -> None:
            super().build(variables)
            self.slow = self.add_optimizer_variables(variables, "slow")

        def _backend_update_step(self, grads: Any, trainable_variables: Any, learning_rate: Any) -> None:
            """Called by Keras at real updates only, however many batches make one."""
            starts = ops.equal(self.iterations, 0)
            for slow, variable in zip(self.slow, self._trainable_variables, strict=True):
                slow.assign(ops.where(starts, variable.value, slow.value))
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            returns = ops.equal((self.iterations + 1) % self.lookahead_steps, 0)
            for slow, variable in zip(self.slow, self._trainable_variables, strict=True):
                fast, old = variable.value, slow.value
                back = old + self.lookahead_share * (fast - old)
                slow.assign(ops.where(returns, back, old))
                variable.assign(ops.where(returns, back, fast))

        def finalize_variable_values(self, var_list: list[Any]) -> None:
            """The moving average where there is one, else the slow weights."""
            if self.use_ema:
                super().finalize_variable_values(var_list)
            elif int(self.iterations) > 0:
                for variable, slow in zip(var_list, self.slow, strict=True):
                    variable.assign(slow)

    Lookahead.__name__ = f"Lookahead{optimizer.__name__}"
    return Lookahead
