"""`podium ui` and `podium clean`."""

from typing import Annotated

import typer


def ui(
    stop: Annotated[bool, typer.Option("--stop", help="End the local server.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Start the Prefect server of this machine if it is not running, and print its address."""
    from flows.console import inform
    from flows.runtime import local_server

    if stop:
        inform(
            "the local Prefect server has ended"
            if local_server.stop()
            else "no local Prefect server is running"
        )
        return
    page = local_server.ensure(inform).removesuffix("/api")
    print(page)
    if open_:
        import webbrowser

        webbrowser.open(page)


def clean(
    older_than: Annotated[
        str, typer.Option(help="Only artifacts that were not used for this long: 90m, 12h, 30d, 4w.")
    ] = "30d",
    keep_best: Annotated[
        int,
        typer.Option(
            min=0, help="How many submissions of each competition keep their artifacts, best first."
        ),
    ] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be removed.")] = False,
) -> None:
    """Remove cached artifacts that no kept submission depends on."""
    from flows.humanize import parse_duration, size

    age = parse_duration(older_than, option="--older-than")

    from tasks.core import places
    from tasks.core.cache.store import Store
    from tasks.core.submissions.eviction import clean as clean_store

    report = clean_store(
        Store.current(),
        older_than=age,
        keep_best=keep_best,
        submissions=places.submissions_folder(),
        dry_run=dry_run,
    )
    verb = "would free" if dry_run else "freed"
    counts = f"{_count(report.removed)} removed, {_count(report.kept)} kept"
    print(f"{counts}, {verb} {size(report.freed_bytes)}")


def _count(artifacts: object) -> int:
    """The number of artifacts, which a report lists or counts."""
    return artifacts if isinstance(artifacts, int) else len(list(artifacts))  # type: ignore[call-overload]
