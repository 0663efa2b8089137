"""A Prefect state whose result is in memory."""

from typing import Any

from prefect.client.schemas.objects import State
from prefect.results import ResultRecord


class InMemoryState(State[Any]):
    """Returns its result directly; Prefect's own state asks the event loop of another thread for it."""

    def result(self, *_: Any, **__: Any) -> Any:
        """The task's result."""
        return self.data.result if isinstance(self.data, ResultRecord) else self.data
