"""Updates that leave alone the rows of embeddings which a batch does not use.

Without them the momenta of a rare character go on moving its embedding long after its last appearance,
and fade before its next.
"""

from functools import cache
from typing import Any

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
