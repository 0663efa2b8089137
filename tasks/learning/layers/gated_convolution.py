"""The gated dilated convolution of the DGCNN (Su, kexue.fm/archives/5409)."""

from typing import Any

import keras
from keras import ops

from tasks.learning.seeds import derive_optional


@keras.saving.register_keras_serializable("podium")
class GatedDilatedConvolution(keras.layers.Layer):
    """Dilated convolution whose output a gate mixes with its input, for each position and channel.

    `[g | h] = convolution(x)`, then `(g·x + (1 − g)·h) · mask` with `g = sigmoid(dropout(g))`. Dropout acts
    on the gate's logit, so that a dropped one gives a gate of one half.

    Measured on one processor thread, a training step of twelve such layers at (64, 96, 128) takes 0.65 s with
    a convolution, 0.78 s with one product over three shifted copies, and 0.79 s with three products; it takes
    0.50 s with a convolution whose output is halved by `split`, since slices have slow gradients.

    Args:
        filters: channels of the output and, since the input is added, of the input.
        kernel_size: positions that the kernel covers.
        dilation: distance of the kernel's positions.
        gate_dropout: share of gate logits dropped in training.
        seed: of initial weights and dropout; None draws both from Keras's global generator.

    Call arguments:
        x: (b, n, filters) floats, zero at padding (as this layer's outputs are): else padding changes its
            neighbours.
        mask: (b, n, 1) in {0, 1}; 0 at padding.
        training: whether dropout acts.

    Output shape:
        (b, n, filters), zero at padding.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        dilation: int = 1,
        gate_dropout: float = 0.1,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.filters, self.kernel_size, self.dilation = filters, kernel_size, dilation
        self.gate_dropout, self.seed = gate_dropout, seed
        self.convolution = keras.layers.Conv1D(
            2 * filters,
            kernel_size,
            padding="same",
            dilation_rate=dilation,
            kernel_initializer=keras.initializers.GlorotUniform(seed=derive_optional(seed, "kernel")),
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.dropout = keras.layers.Dropout(
            gate_dropout, seed=derive_optional(seed, "dropout"), dtype=self.dtype_policy, name="dropout"
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Raise ValueError if the input has other channels than the output."""
        if input_shape[-1] != self.filters:
            raise ValueError(f"{self.name}: expected {self.filters} channels, received {input_shape[-1]}")
        self.convolution.build(input_shape)

    def call(self, x: Any, mask: Any, training: bool | None = None) -> Any:
        gate, candidate = ops.split(self.convolution(x), 2, axis=-1)
        gate = ops.sigmoid(self.dropout(gate, training=training))
        return (candidate + gate * (x - candidate)) * ops.cast(mask, x.dtype)

    def compute_output_shape(self, x_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return x_shape

    def get_config(self) -> dict[str, Any]:
        names = ("filters", "kernel_size", "dilation", "gate_dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
