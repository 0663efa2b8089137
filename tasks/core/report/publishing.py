"""Publish the sections of a report as Prefect's Markdown artifacts."""

import logging

from tasks.core.report import page
from tasks.core.report.markdown import escaped, markdown

log = logging.getLogger("podium")


def publish(parts: list[page.Section], *, under: str, of: str = "") -> None:
    """Publish sections as Markdown artifacts of the run, keys beginning with `under`, descriptions with `of`.

    A failure is logged and does not fail the run.
    """
    from httpx import TransportError
    from prefect.artifacts import create_markdown_artifact

    for section in parts:
        key = "".join(each if each.isalnum() else "-" for each in f"{under}-{section.title}".lower())
        key = key.encode("ascii", "ignore").decode().strip("-")
        try:
            create_markdown_artifact(markdown(section), key=key, description=escaped(f"{of}{section.title}"))
        except TransportError as error:  # no server: each further section would wait a minute
            log.warning("sections from %r on were not published: %s", section.title, error)
            return
        except Exception as error:
            log.warning("section %r was not published: %s", section.title, error)
