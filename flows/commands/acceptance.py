"""`podium accept`: let results of earlier code count for today's."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from flows.commands.options import Competition, Overrides, PresetName, Source, resolved
from flows.console import aligned, inform, say
from flows.runtime.preflight import check_before_run
from tasks.core.errors import InvalidSettings
from tasks.core.report.formatting import counted

Steps = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STEP", help="Steps, such as train, predict; without any, list what can be accepted."
    ),
]
Note = Annotated[str, typer.Option(help="Why the change does not matter, for plan, provenance and report.")]
Undo = Annotated[bool, typer.Option("--undo", help="Withdraw all that was accepted of these steps.")]


def accept(
    competition: Competition,
    steps: Steps = None,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    note: Note = "",
    undo: Undo = False,
) -> None:
    """Let the results at hand count for changed code or libraries, where the change does not matter.

    What was accepted holds for this change and all results of the step at hand, with whatever settings. Plan,
    log, provenance and report say by whom, when and for which change. When the code changes again, the steps
    run, or that change is accepted too.
    """
    if undo:
        _undo(competition, steps or [])
        return
    config = resolved(competition, preset, overrides, source)
    found = _offers(competition, config, preset, note)
    if not steps:
        _show(competition, found)
        return
    from tasks.core.cache.acceptances import write
    from tasks.core.cache.store import Store

    chosen = found.of(steps)
    for offer in chosen:
        write(Store.current(), offer.acceptance)
    if not chosen:
        inform(f"nothing to accept: all results of {', '.join(steps)} count already")
        return
    say(aligned(_row(offer) for offer in chosen))
    waiting = sum(each.state == "run" for each in found.steps if each.step in steps)
    if waiting:
        inform(f"{waiting} call{'s' * (waiting > 1)} of these steps must run nevertheless; see podium plan")


def _offers(competition: str, config: Any, preset: str | None, note: str) -> Any:
    """What can be accepted."""
    from flows.runtime import prefect_settings

    check_before_run(config, preset)
    prefect_settings.check()
    from flows.budget.accepting import offers

    return offers(competition, config, note=note)


def _show(competition: str, found: Any) -> None:
    """Print what was accepted, and what can be."""
    from tasks.core.cache.acceptances import acceptances
    from tasks.core.cache.store import Store

    accepted = [
        (each.step, "accepted", each.text) for each in acceptances(Store.current(), None, competition)
    ]
    possible = [_row(offer, state="can be accepted") for offer in found.offers]
    if not (accepted or possible):
        inform("no result of earlier code was or can be accepted")
        return
    say(aligned([*accepted, *possible]))
    if steps := list(dict.fromkeys(offer.acceptance.step for offer in found.offers)):
        inform(f"podium accept {competition} {' '.join(steps)} accepts it, with the same settings")


def _row(offer: Any, *, state: str = "accepted") -> tuple[str, str, str]:
    results = counted(len(offer.labels), "result")
    return offer.acceptance.step, state, f"{results} of this run: {', '.join(offer.acceptance.changes)}"


def _undo(competition: str, steps: Sequence[str]) -> None:
    from tasks.core.cache.acceptances import acceptances, withdraw
    from tasks.core.cache.store import Store
    from tasks.core.competition import raise_if_unknown

    raise_if_unknown(competition)
    store = Store.current()
    known = acceptances(store, None, competition)
    names = sorted({each.step for each in known})
    unknown = [name for name in steps if name not in names]
    if unknown or not steps:
        expected = f"steps of which something was accepted ({', '.join(names) or 'there are none'})"
        raise InvalidSettings(f"STEP: expected {expected}, received {', '.join(unknown) or 'none'}")
    withdrawn = [each for each in known if each.step in steps]
    for each in withdrawn:
        withdraw(store, each)
    say(aligned((each.step, "no longer accepted", each.text) for each in withdrawn))
