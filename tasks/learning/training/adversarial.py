"""Adversarial training of embeddings (FGM; Miyato et al., ICLR 2017), for TensorFlow only."""

from functools import cache
from typing import Any

from tasks.core.errors import InvalidSettings
from tasks.learning.training.optimizer_wrappers import EMBEDDINGS

SMALLEST = 1e-12
"""Least norm of a gradient that is divided by."""


def adversarial_model(inputs: Any, outputs: Any, *, length: float) -> Any:
    """A functional model that learns where its tables of embeddings, shifted against it, do worst.

    Each step takes the gradient g of the loss, moves every table that learns by `length · g / ‖g‖`
    (‖g‖ over the table), takes the gradients there, moves the tables back to the same bytes and
    updates with these gradients. `length` 0 trains as usual; it may be set between stages, before
    `compile`. A step costs twice as much, and draws dropout twice.

    Raises:
        InvalidSettings: Keras runs on another backend.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise InvalidSettings(f"adversarial: expected TensorFlow, received {keras.backend.backend()}")
    model = _class()(inputs, outputs)
    model.length = length
    return model


@cache
def _class() -> type:
    import keras
    import tensorflow as tf

    class Adversarial(keras.Model):
        length = 0.0

        def train_step(self, data: Any) -> Any:
            tables = [each for each in self.trainable_variables if each.path.endswith(EMBEDDINGS)]
            if not self.length or not tables:
                return super().train_step(data)
            before = [tf.identity(table.value) for table in tables]
            for table, gradient in zip(tables, self._gradients(data, tables)[0], strict=True):
                if gradient is not None:  # None: the loss does not rest on this table
                    table.assign_add(_shift(gradient, self.length))
            gradients, loss, outputs = self._gradients(data, self.trainable_variables)
            for table, value in zip(tables, before, strict=True):
                table.assign(value)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return self._figures(data, loss, outputs)

        def _gradients(self, data: Any, variables: list[Any]) -> tuple[list[Any], Any, Any]:
            x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
            with tf.GradientTape() as tape:
                outputs = self(x, training=True)
                loss = self.compute_loss(x, y, outputs, weights, training=True)
                scaled = self.optimizer.scale_loss(loss)
            return tape.gradient(scaled, [each.value for each in variables]), loss, outputs

        def _figures(self, data: Any, loss: Any, outputs: Any) -> Any:
            x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss, sample_weight=tf.shape(tf.nest.flatten(x)[0])[0])
            return self.compute_metrics(x, y, outputs, sample_weight=weights)

    return Adversarial


def _shift(gradient: Any, length: float) -> Any:
    import tensorflow as tf

    dense = tf.convert_to_tensor(gradient)
    return dense * (length / tf.maximum(tf.norm(dense), SMALLEST))
