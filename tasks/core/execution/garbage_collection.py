"""A higher threshold of Python's garbage collector, for processes that mostly import what stays."""

import atexit
import gc

ALLOCATIONS = 10_000
"""Objects made and not freed before a collection; Python 3.11 collects after 700."""


def raise_gc_threshold() -> None:
    """Raise the garbage-collection threshold of this process, and skip the collections at its end.

    With Python's default, collections take about a sixth of an import of TensorFlow and Keras, or of Prefect,
    and find next to nothing. Trainings make hardly any cycles: their peak of memory is the same. At the end
    of a run Python's last collections would take half a second, and free what the kernel frees at once.
    """
    gc.set_threshold(ALLOCATIONS, 10, 10)
    atexit.register(gc.freeze)
