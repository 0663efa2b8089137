"""What the Runs page of the UI shows of a run besides its name: tags from its start, its score at the end."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flows.humanize import score_text
from tasks.core.context import run_id

log = logging.getLogger("podium")


@contextmanager
def tagged(tags: Sequence[str]) -> Iterator[None]:
    """Within the block, runs and their tasks have these tags."""
    from prefect import tags as prefect_tags

    with prefect_tags(*filter(None, tags)):
        yield


def name_with_score(name: str, result: Any) -> str:
    """The name of a run that has ended: `demo: accuracy 0.8803 ± 0.0162`, or as it was without a score.

    `result` is what the flow returned.
    """
    score = score_text(result.get("score")) if isinstance(result, dict) else ""
    return f"{name}: {score}" if score else name


def show_score(name: str, result: Any) -> None:
    """Put the score into the name of the flow run of this thread; a failure is logged and harms nothing."""
    from prefect.client.orchestration import get_client

    run, named = run_id(), name_with_score(name, result)
    if run is None or named == name:
        return
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run, name=named)  # type: ignore[arg-type]
    except Exception as error:
        log.debug("the run could not be renamed to %s: %s", named, error)
