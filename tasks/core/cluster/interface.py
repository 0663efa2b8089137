"""What a cluster must do: find a free worker for an order, and notice when the worker is lost.

The child's output and files and the order's lease go through the store (`tasks.core.cluster.lease`).
"""

from typing import Any, Protocol


class WorkerLost(Exception):
    """The worker of an order is gone; the message holds what the cluster reports."""


class SentOrder(Protocol):
    """An order that was sent to a worker."""

    def ended(self, seconds: float) -> bool:
        """Wait up to this long; whether there is an answer or the worker is lost."""

    def answer(self) -> dict[str, Any]:
        """What `worker.carry_out` returned; raises WorkerLost, or UserError if it cannot read the order."""

    def cancel(self) -> None:
        """Withdraw an order that no worker has begun."""


class Cluster(Protocol):
    """An open connection, shared by all threads of this process."""

    def send(self, order: dict[str, Any]) -> SentOrder:
        """Have a free worker carry the order out."""

    def close(self) -> None:
        """Close the connection; a cluster that this run has started ends. May be called twice."""
