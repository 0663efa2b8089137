"""Wrappers of Keras's optimizer classes: Lookahead, and lazy updates of embeddings.

Both override methods that Keras does not document (`_backend_update_step`, `_get_variable_index`,
`_trainable_variables`); a test checks that the installed Keras still has them.
"""

from functools import cache
from typing import Any

EMBEDDINGS = "embeddings"
"""End of the paths of variables whose rows are updated lazily; Keras's own embeddings have it."""


@cache
def with_lookahead(optimizer: type) -> type:
    """Return the optimizer class with Lookahead (Zhang et al., NeurIPS 2019).

    Every `lookahead_steps` updates, the slow weights move by `lookahead_share` of the difference to the
    weights, and the weights are set to them. The slow weights are one variable for each weight. They start
    with the weights before the first update, so that neither the time of `build` nor state transferred from
    an earlier stage matters. A moving average follows the weights after they are set.
    """
    from keras import ops

    class Lookahead(optimizer):
        lookahead_steps = 5
        lookahead_share = 0.5

        def build(self, variables: list[Any]) -> None:
            super().build(variables)
            self.slow = self.add_optimizer_variables(variables, "slow")

        def _backend_update_step(self, grads: Any, trainable_variables: Any, learning_rate: Any) -> None:
            """Called by Keras once for each update, however many batches it accumulates."""
            starts = ops.equal(self.iterations, 0)
            for slow, variable in zip(self.slow, self._trainable_variables, strict=True):
                slow.assign(ops.where(starts, variable.value, slow.value))
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            is_synchronised = ops.equal((self.iterations + 1) % self.lookahead_steps, 0)
            for slow, variable in zip(self.slow, self._trainable_variables, strict=True):
                fast, old = variable.value, slow.value
                new = old + self.lookahead_share * (fast - old)
                slow.assign(ops.where(is_synchronised, new, old))
                variable.assign(ops.where(is_synchronised, new, fast))

        def finalize_variable_values(self, var_list: list[Any]) -> None:
            """Set the variables to the moving average if there is one, else to the slow weights."""
            if self.use_ema:
                super().finalize_variable_values(var_list)
            elif int(self.iterations) > 0:
                for variable, slow in zip(var_list, self.slow, strict=True):
                    variable.assign(slow)

    Lookahead.__name__ = f"Lookahead{optimizer.__name__}"
    return Lookahead


@cache
def with_lazy_embeddings(optimizer: type) -> type:
    """Return the optimizer class that leaves rows of embeddings with zero gradient, and their momenta, alone.

    Otherwise the momenta of a rare character would change its embedding long after its last occurrence and
    decay before the next. Steps, and so Adam's bias correction, are counted for all rows together. The update
    rule must treat rows independently: those of LAMB and Adafactor do not.
    """
    from keras import ops

    class Lazy(optimizer):
        used: Any = None  # (rows, 1) bool, rows with a gradient; set while an embedding is updated

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
            # under JAX, `where` of variables would use their values from before the step
            return ops.where(self.used, ops.convert_to_tensor(value), ops.convert_to_tensor(otherwise))

    Lazy.__name__ = f"Lazy{optimizer.__name__}"
    return Lazy
