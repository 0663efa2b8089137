"""A state of Prefect's whose result lies in memory."""

from typing import Any

from prefect.client.schemas.objects import State
from prefect.results import ResultRecord


class Held(State[Any]):
    """Gives its result at once; Prefect's own state asks another thread's event loop for it."""

    def result(self, *_: Any, **__: Any) -> Any:
        """What the task returned."""
        return self.data.result if isinstance(self.data, ResultRecord) else self.data
