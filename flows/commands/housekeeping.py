"""`podium ui` and `podium clean`."""

from typing import Annotated

import typer

from flows.console import inform, say
from flows.humanize import parse_duration, size
from flows.json_output import Json, say_json
from tasks.core import locations
from tasks.core.report.formatting import counted


def ui(
    stop: Annotated[bool, typer.Option("--stop", help="End the local server.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Start the Prefect server of this machine if it is not running, and print its address."""
    from flows.runtime import local_server
    from flows.runtime.prefect_profile import page_of

    if stop:
        ended = local_server.stop(inform)
        inform("the local Prefect server has ended" if ended else "no local Prefect server is running")
        return
    url = local_server.ensure(inform)
    page = page_of(url)
    say(page)
    if hint := local_server.login_hint(url):
        inform(hint)
    if open_:
        import webbrowser

        webbrowser.open(page)


def clean(
    older_than: Annotated[
        str, typer.Option(help="Only artifacts that were not used for this long: 90m, 12h, 30d, 4w.")
    ] = "30d",
    keep_best: Annotated[
        int, typer.Option(min=0, help="Submissions of each competition that stay complete, best first.")
    ] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be removed.")] = False,
    reread: Annotated[
        bool, typer.Option("--reread", help="Remove nothing, but read all raw files again in the next run.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Read every byte of the store; name and remove what is damaged: it is computed again.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove cached artifacts that no kept submission depends on."""
    from tasks.core.cache.store import Store
    from tasks.core.execution import compilation_cache
    from tasks.core.submissions.cache_eviction import clean as clean_store

    if reread:
        count = Store.current().forget_raw_files()
        if as_json:
            say_json("clean --reread", {"paths": count})
        else:
            say(f"{counted(count, 'path')} of raw files will be read again")
        return
    if verify:
        _verify(dry_run=dry_run, as_json=as_json)
        return
    age, folder = parse_duration(older_than, option="--older-than"), locations.submissions_folder()
    report = clean_store(
        Store.current(), older_than=age, keep_best=keep_best, submissions=folder, dry_run=dry_run
    )
    compiled = compilation_cache.size(Store.current().root)
    if as_json:
        say_json("clean", {**report._asdict(), "dry_run": dry_run, "compiled_bytes": compiled})
        return
    removed, freed = ("would be removed", "would be freed") if dry_run else ("removed", "freed")
    artifacts = counted(len(report.removed), "artifact")
    say(f"{artifacts} {removed}, {report.kept:,} kept, {size(report.freed_bytes)} {freed}")
    if compiled:
        say(f"compiled networks: {size(compiled)}")


def _verify(*, dry_run: bool, as_json: bool) -> None:
    """Print each damaged file and what becomes of it; damaged provenances are named too, and stay."""
    from tasks.core.cache.store import Store
    from tasks.core.cache.verification import verify
    from tasks.core.submissions.submissions import damaged

    damaged(locations.submissions_folder())
    found = verify(Store.current(), dry_run=dry_run)
    if as_json:
        say_json("clean --verify", {**found._asdict(), "dry_run": dry_run})
        return
    for line in found.damaged:
        say(line)
    if found.again:
        say(f"{'would be' if dry_run else 'are'} computed again: {', '.join(found.again)}")
    outcome = f"{len(found.damaged)} damaged" if found.damaged else "nothing is damaged"
    removed = ", which are left there" if dry_run and found.damaged else ", removed" if found.damaged else ""
    say(f"{found.artifacts:,} artifacts, {size(found.bytes)} read: {outcome}{removed}")
