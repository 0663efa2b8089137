"""Publish the sections of a report as one of Prefect's Markdown artifacts."""

import logging
from collections.abc import Sequence
from typing import Any

from tasks.core.context import run_id
from tasks.core.report import page
from tasks.core.report.markdown import escaped, page_markdown

log = logging.getLogger("podium")


def publish(parts: Sequence[page.Section], *, under: str, of: str = "") -> None:
    """Publish sections as one artifact of the run, `<under>-report`; its description begins with `of`.

    One, since Prefect shows several in the order of random ids. It is the run's and not the step's, whose box
    on the run's page it would stretch. A failure is logged and does not fail the run.
    """
    from prefect.client.orchestration import get_client

    if (run := run_id()) is None:
        return
    try:
        with get_client(sync_client=True) as client:
            client.create_artifact(artifact(parts, under=under, of=of, run=run))
    except Exception as error:
        log.warning("the report was not published: %s", error)


def artifact(parts: Sequence[page.Section], *, under: str, of: str, run: str) -> Any:
    """The sections as an artifact of the run with this id, and of no task of it."""
    from prefect.client.schemas.actions import ArtifactCreate

    key = "".join(each if each.isalnum() else "-" for each in f"{under}-report".lower())
    titles = ", ".join(section.title for section in parts)
    return ArtifactCreate(
        key=key.encode("ascii", "ignore").decode().strip("-"),
        type="markdown",
        description=escaped(f"{of}{titles}"),
        data=page_markdown(parts),
        flow_run_id=run,
    )
