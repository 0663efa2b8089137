"""Look for garbage seldom, in processes that mostly import what stays."""

import atexit
import gc

ALLOCATIONS = 10_000
"""Objects made and not freed before a collection; in Python 3.11 it comes after 700."""


def collect_seldom() -> None:
    """Let Python look for reference cycles less often in this process, and not at its end.

    At Python's own pace that is about a sixth of an import of TensorFlow and Keras, or of Prefect, and finds
    next to nothing. Trainings make hardly any cycles: their peak of memory is the same. At the end
    of a run Python's last collections would take half a second, and free what the kernel frees at once.
    """
    gc.set_threshold(ALLOCATIONS, 10, 10)
    atexit.register(gc.freeze)
