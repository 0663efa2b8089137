"""The layer that scales photographs as a network of `keras.applications` needs them."""

from typing import Any

import keras

from tasks.core.errors import InvalidSettings


@keras.saving.register_keras_serializable("podium")
class Preprocess(keras.layers.Layer):
    """Photographs (b, h, w, 3) in 0 … 255 → as the network of this name was trained on them.

    Args:
        network: a name in `keras.applications`; the function of its module does the work.
    """

    def __init__(self, network: str, **options: Any) -> None:
        super().__init__(**options)
        self.network = network
        self._function = _module_of(network).preprocess_input

    def call(self, inputs: Any) -> Any:
        return self._function(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "network": self.network}


def _module_of(name: str) -> Any:
    for attribute in dir(keras.applications):
        module = getattr(keras.applications, attribute)
        if hasattr(module, "preprocess_input") and hasattr(module, name):
            return module
    raise InvalidSettings(f"trunk.backbones.name: no preprocessing is known for {name!r}")
