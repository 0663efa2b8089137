"""The backend that Keras computes with, chosen by `KERAS_BACKEND`; neither Keras nor a backend is imported.

Keras would also take it from `~/.keras/keras.json`. A file outside the project must not change results, so
every child process gets the variable, which Keras prefers to the file.
"""

import os
from importlib.util import find_spec

from tasks.core.errors import InvalidSettings

VARIABLE = "KERAS_BACKEND"
DEFAULT = "tensorflow"
DISTRIBUTIONS = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib"), "torch": ("torch",)}
"""Distributions whose version decides results, by backend, which is also the name of the module."""


def backend() -> str:
    """The backend of this process's children; an empty variable counts as none, as it does for Keras."""
    return os.environ.get(VARIABLE) or DEFAULT


def check_backend() -> None:
    """Check that the backend is one of those that train networks, and that it is installed.

    Raises:
        InvalidSettings: it is not.
    """
    name = backend()
    if name not in DISTRIBUTIONS:
        raise InvalidSettings(f"{VARIABLE}: expected {', '.join(DISTRIBUTIONS)}, received {name!r}")
    if find_spec(name) is None:
        install = f"pip install 'podium[{name}]'"
        raise InvalidSettings(f"{VARIABLE}: expected an installed backend, received {name}; {install}")
