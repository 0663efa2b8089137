"""Layers over pairs of a column and a character of the question."""

from typing import Any

import keras
from keras import ops

from tasks.learning.layers.gated_convolution import GatedDilatedConvolution
from tasks.learning.seeds import derive

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable("podium")
class PairConvolution(keras.layers.Layer):
    """A gated dilated convolution over the characters, for each column alone.

    Args:
        filters: channels of the output and, the convolution being residual, of the input.
        dilation: characters between neighbours of the kernel.
    """

    def __init__(self, filters: int, dilation: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.filters, self.dilation, self.seed = filters, dilation, seed
        self.inner = GatedDilatedConvolution(
            filters, dilation=dilation, gate_dropout=0.0, seed=seed, dtype=self.dtype_policy, name="inner"
        )

    def build(self, x_shape: Shape) -> None:
        self.inner.build((None, *x_shape[2:]))

    def call(self, x: Any, mask: Any) -> Any:
        """x (b, C, n, filters), 0 where the mask (b, C, n, 1) is; returns the same shape, 0 there too."""
        columns, length = ops.shape(x)[1], ops.shape(x)[2]
        flat = ops.reshape(x, (-1, length, self.filters))
        found = self.inner(flat, ops.reshape(mask, (-1, length, 1)))
        return ops.reshape(found, (-1, columns, length, self.filters))

    def compute_output_shape(self, x_shape: Shape) -> Shape:
        return x_shape

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "dilation": self.dilation, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("podium")
class Likeness(keras.layers.Layer):
    """Attention scores between characters and columns, without a softmax: scaled products by head.

    The class's name is part of the layout of weight files.

    Args:
        head_size: channels of each head.
    """

    def __init__(self, heads: int, head_size: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.head_size, self.seed = heads, head_size, seed
        self.characters, self.columns = (self._dense(name, seed) for name in ("characters", "columns"))

    def _dense(self, name: str, seed: int) -> Any:
        initial = keras.initializers.GlorotUniform(derive(seed, name))
        units = self.heads * self.head_size
        return keras.layers.Dense(units, kernel_initializer=initial, dtype=self.dtype_policy, name=name)

    def build(self, characters_shape: Shape, columns_shape: Shape) -> None:
        self.characters.build(characters_shape)
        self.columns.build(columns_shape)

    def call(self, characters: Any, columns: Any) -> Any:
        """characters (b, n, d), columns (b, C, d'); returns (b, C, n, heads)."""
        queries = self._by_head(self.columns(columns))
        keys = self._by_head(self.characters(characters))
        products = ops.matmul(queries * self.head_size**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
        return ops.transpose(products, (0, 2, 3, 1))

    def _by_head(self, x: Any) -> Any:
        shape = (-1, ops.shape(x)[1], self.heads, self.head_size)
        return ops.transpose(ops.reshape(x, shape), (0, 2, 1, 3))

    def compute_output_shape(self, characters_shape: Shape, columns_shape: Shape) -> Shape:
        return (columns_shape[0], columns_shape[1], characters_shape[1], self.heads)

    def get_config(self) -> dict[str, Any]:
        own = {"heads": self.heads, "head_size": self.head_size, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("podium")
class Leading(keras.layers.Layer):
    """The first n tokens of a sequence, n being the number of characters of another input."""

    def call(self, hidden: Any, pairs: Any) -> Any:
        """hidden (b, L, d), pairs (b, C, n, …) with n ≤ L; returns (b, n, d)."""
        return hidden[:, : ops.shape(pairs)[2]]

    def compute_output_shape(self, hidden_shape: Shape, pairs_shape: Shape) -> Shape:
        return (hidden_shape[0], pairs_shape[2], hidden_shape[2])
