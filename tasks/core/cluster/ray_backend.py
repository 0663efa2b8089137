"""Send orders to a Ray cluster: one that runs, or one on this machine with a processor for each slot."""

import logging
import os
import threading
from typing import Any

from tasks.core.cluster import worker
from tasks.core.cluster.interface import WorkerLost
from tasks.core.errors import UserError
from tasks.core.execution.slots import slot_names

CLOSE_SECONDS = 5.0
OBJECT_STORE_BYTES = 100 * 2**20
"""Memory for Ray's object store, hardly used here; by default it takes a third of the machine's memory."""

VARIABLES = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
"""Set for Ray unless they are set already: no usage reports, and no niceness of 15, at which trainings would
hardly run beside other processes of this machine."""


def connect(address: str) -> "RayCluster":
    """A connection to the cluster at this address, which this machine must belong to; empty: to a new one.

    Raises:
        UserError: Ray is not installed, or nothing answers there.
    """
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError(
            f"run.runner: 'ray' needs the package {error.name}; pip install 'podium[ray]'"
        ) from None
    logging.getLogger("ray").setLevel(logging.ERROR)
    options: dict[str, Any] = {"address": address}
    if not address:
        options = {
            "address": "local",
            "num_cpus": len(slot_names()),
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE_BYTES,
        }
    driver = _Driver(ray, options)
    driver.start()
    driver.ready.wait()
    if address and isinstance(driver.failure, ConnectionError | ValueError | RuntimeError):
        expected = "the address of a Ray cluster that this machine belongs to"
        reason = str(driver.failure).partition("\n")[0]
        raise UserError(f"run.address: expected {expected}, received {address!r} ({reason})") from None
    if driver.failure is not None:
        raise driver.failure
    return RayCluster(ray, driver)


class _Driver(threading.Thread):
    """Holds the connection in a thread of its own.

    In the main thread Ray would replace our handler of SIGTERM; and the processes of a cluster on this
    machine end with the thread that has started them.
    """

    def __init__(self, ray: Any, options: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self._ray, self._options = ray, options
        self.ready, self._closed = threading.Event(), threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._ray.init(**self._options, log_to_driver=False, configure_logging=False)
        except BaseException as error:
            self.failure = error
            return
        finally:
            self.ready.set()
        self._closed.wait()
        self._ray.shutdown()

    def close(self) -> None:
        self._closed.set()
        self.join(CLOSE_SECONDS)


class RayCluster:
    """This process as a driver of the cluster."""

    def __init__(self, ray: Any, driver: _Driver) -> None:
        self._ray, self._driver = ray, driver
        # no retries by Ray: after a lost worker, Podium sends a new order, which resumes from the checkpoints
        options = {"num_cpus": 1, "max_retries": 0, "scheduling_strategy": "SPREAD"}
        self._carry_out = ray.remote(**options)(worker.carry_out)

    def send(self, order: dict[str, Any]) -> "RayOrder":
        return RayOrder(self._ray, self._carry_out.remote(order))

    def close(self) -> None:
        self._driver.close()


class RayOrder:
    """An order as a reference to its answer."""

    def __init__(self, ray: Any, reference: Any) -> None:
        self._ray, self._reference = ray, reference

    def ended(self, seconds: float) -> bool:
        ready, _ = self._ray.wait([self._reference], timeout=seconds)
        return bool(ready)

    def answer(self) -> dict[str, Any]:
        from ray import exceptions

        try:
            answer: dict[str, Any] = self._ray.get(self._reference)
        except exceptions.RayTaskError as error:
            if isinstance(error.cause, ImportError) or "failed to import" in str(error):
                raise UserError(
                    f"a Ray worker cannot import Podium; start it in the checkout\n{error}"
                ) from None
            raise
        except exceptions.RayError as error:
            raise WorkerLost(str(error).splitlines()[0]) from None
        return answer

    def cancel(self) -> None:
        self._ray.cancel(self._reference)
