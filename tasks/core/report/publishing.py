"""Publish the sections of a report as Prefect's Markdown artifacts."""

import logging
from typing import Any

from tasks.core.context import run_id
from tasks.core.report import page
from tasks.core.report.markdown import escaped, markdown

log = logging.getLogger("podium")


def publish(parts: list[page.Section], *, under: str, of: str = "") -> None:
    """Publish sections as Markdown artifacts of the run, keys beginning with `under`, descriptions with `of`.

    They are the run's and not the step's, whose box on the run's page they would stretch beyond its end. The
    last section is published first, since the newest artifact stands on top. A failure is logged and does not
    fail the run.
    """
    from httpx import TransportError
    from prefect.client.orchestration import get_client

    if (run := run_id()) is None:
        return
    with get_client(sync_client=True) as client:
        for section in reversed(parts):
            try:
                client.create_artifact(artifact(section, under=under, of=of, run=run))
            except TransportError as error:  # no server: each further section would wait a minute
                log.warning("sections up to %r were not published: %s", section.title, error)
                return
            except Exception as error:
                log.warning("section %r was not published: %s", section.title, error)


def artifact(section: page.Section, *, under: str, of: str, run: str) -> Any:
    """The section as an artifact of the run with this id, and of no task of it."""
    from prefect.client.schemas.actions import ArtifactCreate

    key = "".join(each if each.isalnum() else "-" for each in f"{under}-{section.title}".lower())
    return ArtifactCreate(
        key=key.encode("ascii", "ignore").decode().strip("-"),
        type="markdown",
        description=escaped(f"{of}{section.title}"),
        data=markdown(section),
        flow_run_id=run,
    )
