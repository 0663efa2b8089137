"""Names of what a stored estimator may be made of: classes of scikit-learn, types and functions of numpy.

Reading a stored estimator makes nothing else, so that a file from elsewhere cannot run code of its own.
"""

from importlib import import_module
from typing import Any

import numpy as np

from tasks.core.errors import UserError

PACKAGE = "sklearn"
PLAIN = (bool, int, float, str, object)
"""Types of values that an estimator may have as parameters."""


class CannotBeStored(UserError):
    """An estimator holds something that is neither data nor an object of scikit-learn."""


def name_of(value: Any) -> str:
    """`module:name` of a class, or of a function that makes an object of one; raises CannotBeStored."""
    if isinstance(value, np.ufunc) or (isinstance(value, type) and issubclass(value, np.generic)):
        return f"numpy:{value.__name__}"
    if value in PLAIN:
        return f"builtins:{value.__name__}"
    name = f"{value.__module__}:{value.__qualname__}"
    try:
        known = named(name) is value
    except ValueError:
        known = False
    if not known:
        raise CannotBeStored(refusal(value))
    return name


def named(name: str) -> Any:
    """The class of scikit-learn, or the type or function of arrays of numpy, of this name.

    Raises:
        ValueError: it is anything else.
    """
    module, _, inner = name.partition(":")
    if module == "numpy":
        found = getattr(np, inner, None)
        if isinstance(found, np.ufunc) or (isinstance(found, type) and issubclass(found, np.generic)):
            return found
    if module == "builtins" and (plain := {kind.__name__: kind for kind in PLAIN}.get(inner)):
        return plain
    if module.split(".")[0] != PACKAGE or "." in inner:
        raise ValueError(f"expected a class of scikit-learn, received {name!r}")
    found = getattr(import_module(module), inner, None)
    is_made_by_cython = (inner == "newObj" or inner.startswith("__pyx_unpickle_")) and callable(found)
    if not is_made_by_cython and not (isinstance(found, type) and found.__module__ == module):
        raise ValueError(f"expected a class of scikit-learn, received {name!r}")
    return found


def refusal(value: Any) -> str:
    kind = value if isinstance(value, type) else type(value)
    return (
        f"an estimator can be stored if it holds data and objects of scikit-learn, received one with a "
        f"{kind.__module__}.{kind.__qualname__}; give EstimatorTraining a `save` of your own"
    )
