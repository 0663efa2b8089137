"""Numbers that do not depend on how many threads computed them."""

from contextlib import AbstractContextManager
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """Within it, libraries for matrices and OpenMP use one thread, so that sums have one order everywhere."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits
