"""A child process says when it loads Keras: its first lines come seconds later, on a slow disk minutes."""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from tasks.core.backends import backend

SLOW = "keras"
"""The module that imports the backend, which is what takes long."""
TITLES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


class LoadingFinder(MetaPathFinder):
    """Finds Keras once, as Python does without it, and tells when its import begins and ends."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """`tell` is given what is loaded, and then nothing."""
        self._tell = tell

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of Keras, whose import tells of itself; None for any other module."""
        if fullname != SLOW:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = self._told(spec.loader.exec_module)  # type: ignore[assignment,method-assign]
        return spec

    def _told(self, execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        def executed(module: ModuleType) -> None:
            self._tell(f"Keras and {TITLES.get(backend(), backend())}")
            execute(module)
            self._tell("")

        return executed


def tell_of_loading(tell: Callable[[str], None]) -> None:
    """Let the import of Keras in this process, which comes later if at all, tell of itself."""
    sys.meta_path.insert(0, LoadingFinder(tell))
