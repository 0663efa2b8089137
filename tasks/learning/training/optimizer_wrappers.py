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


# FOLDED from tasks/learning/lazy.py
# Updates that leave alone the rows of embeddings which a batch does not use.
#
# Without them the momenta of a rare character go on moving its embedding long after its last appearance,
# and fade before its next.
EMBEDDINGS = "embeddings"
"""How the paths of variables end whose rows are updated lazily; Keras's own embeddings do."""


@cache
def lazy(optimizer: type) -> type:
    """The optimizer class that changes no row of an embedding whose gradient is zero, nor its momenta.

    Steps, and with them Adam's correction of bias, are counted for all rows together. The update rule has to
    treat rows apart: those of LAMB and Adafactor do not.
    """
    from keras import ops

    class Lazy(optimizer):
        used: Any = None  # (rows, 1) bool while an embedding is updated: the rows that have a gradient

        def build(self, variables: list[Any]) -> None:
            super().build(variables)
            self.is_lazy = [variable.path.endswith(EMBEDDINGS) for variable in variables]

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if self.is_lazy[self._get_variable_index(variable)]:
                self.used = ops.any(ops.not_equal(gradient, 0), axis=-1, keepdims=True)
            try:
                super().update_step(gradient, variable, learning_rate)
            finally:
                self.used = None

        def assign(self, variable: Any, value: Any) -> None:
            super().assign(variable, self._where_used(value, variable))

        def assign_add(self, variable: Any, value: Any) -> None:
            super().assign_add(variable, self._where_used(value, 0.0))

        def assign_sub(self, variable: Any, value: Any) -> None:
            super().assign_sub(variable, self._where_used(value, 0.0))

        def _where_used(self, value: Any, otherwise: Any) -> Any:
            if self.used is None:
                return value
            # given variables, `where` under JAX would take their values of before the step
            return ops.where(self.used, ops.convert_to_tensor(value), ops.convert_to_tensor(otherwise))

    Lazy.__name__ = f"Lazy{optimizer.__name__}"
    return Lazy
