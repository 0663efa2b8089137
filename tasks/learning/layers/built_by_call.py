"""A base for layers whose parts are built when they are first called."""

from typing import Any

import keras


class BuiltByCall(keras.layers.Layer):
    """A layer without `build`: a network that is read from a file builds its parts by calling it.

    Keras would otherwise call the `build` that such a layer does not have, and warn of it.
    """

    def get_build_config(self) -> dict[str, Any] | None:
        return None
