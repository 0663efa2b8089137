"""Send orders to a Dask cluster: one that runs, or one on this machine with a worker for each slot."""

import logging
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tasks.core.cluster import worker
from tasks.core.cluster.interface import WorkerLost
from tasks.core.errors import UserError
from tasks.core.execution.slots import slot_names
from tasks.core.files.temporary import temporary_folder

CONNECT_SECONDS = 30.0
CLOSE_SECONDS = 2.0
POLL_SECONDS = 0.05


def connect(address: str) -> "DaskCluster":
    """A connection to the scheduler at this address; empty: to one that is started in this process.

    Raises:
        UserError: Dask is not installed, nothing answers there, or it has no worker.
    """
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise UserError(
            f"run.runner: 'dask' needs the package {error.name}; pip install 'podium[dask]'"
        ) from None
    scratch = ExitStack()
    local = None if address else _local(LocalCluster, scratch.enter_context(temporary_folder()))
    try:
        client = Client(local or address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        expected = "the address of a Dask scheduler that answers"
        raise UserError(f"run.address: expected {expected}, received {address!r} ({error})") from None
    cluster = DaskCluster(client, local, scratch)
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        cluster.close()
        raise UserError(f"run.address: expected a worker at {address!r}, received none") from None
    return cluster


def _local(cluster: Any, folder: Path) -> Any:
    """A scheduler in this process with a worker for each slot, all of which end with the process.

    Both write below the folder, which the next command deletes if this process is killed.
    """
    from dask import config

    # Dask sets counts of threads in this process too, and its children would inherit them
    with config.set({"distributed.nanny.pre-spawn-environ": {}, "temporary-directory": str(folder)}):
        return cluster(
            n_workers=len(slot_names()),
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )


class DaskCluster:
    """A client of a scheduler, and the local cluster with its folder if this process has started it."""

    def __init__(self, client: Any, local: Any, scratch: ExitStack) -> None:
        self._client, self._local, self._scratch = client, local, scratch

    def send(self, order: dict[str, Any]) -> "DaskOrder":
        return DaskOrder(self._client.submit(worker.carry_out, order, pure=False))

    def close(self) -> None:
        with self._scratch:
            if self._local is not None:
                for nanny in self._local.workers.values():
                    nanny.close_gracefully()  # else it restarts a worker that an interruption has ended
            self._client.close(timeout=CLOSE_SECONDS)
            if self._local is not None:
                self._local.close(timeout=CLOSE_SECONDS)


class DaskOrder:
    """An order as a future of the client."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def ended(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not self._future.done():
            if time.monotonic() > end:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def answer(self) -> dict[str, Any]:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError

        try:
            answer: dict[str, Any] = self._future.result()
        except (CancelledError, FutureCancelledError, KilledWorker, CommClosedError) as error:
            raise WorkerLost(str(error) or type(error).__name__) from None
        except ImportError as error:
            raise UserError(
                f"a Dask worker cannot import Podium ({error}); start it in the checkout"
            ) from None
        return answer

    def cancel(self) -> None:
        self._future.cancel()
