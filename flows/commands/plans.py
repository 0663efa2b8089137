"""`podium plan`."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flows.commands.options import Competition, Overrides, PresetName, Source, Timeout
from flows.commands.runs import budget_seconds
from flows.runtime.registry import find_flow


def plan(
    competition: Competition,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    timeout: Timeout = None,
) -> None:
    """Show for every step whether its result is cached, or why it runs."""
    from flows.console import aligned
    from flows.runtime import settings
    from tasks.core.settings import resolve

    budget = budget_seconds(timeout)
    config = resolve.resolve(competition, preset=preset, overrides=overrides or (), submission=source)
    settings.apply(None)
    from flows.budget.plan import plan as planned  # imports Prefect, which reads the environment

    steps = list(planned(competition, _fitting(competition, config, seconds=budget) if budget else config))
    print(aligned((step.label, step.state, step.reason) for step in steps))
    counts = Counter(step.state for step in steps)
    may = f", {counts['maybe']} may run" if counts["maybe"] else ""
    print(f"{counts['cached']} cached, {counts['run']} will run{may}{_time_text(steps)}")


def _fitting(competition: str, config: Any, *, seconds: float) -> Any:
    """The settings without the recipes that a run would leave out, which are logged as in a run."""
    from flows.console import show_logs

    find_flow(competition)  # imports Prefect, which must come before show_logs
    from flows.budget.limiter import settings_within

    show_logs()
    return settings_within(competition, config, seconds=seconds)


def _time_text(steps: Sequence[Any]) -> str:
    """The time the plan takes on the slots of this machine, estimated from earlier runs."""
    from flows.budget.makespan import expected_seconds
    from flows.humanize import about
    from tasks.core.execution.slots import slot_names

    slots = len(slot_names())
    seconds, unknown = expected_seconds(steps, slots=slots)
    on = f"on {slots} slot{'s' if slots > 1 else ''}"
    if not unknown:
        return f", in about {about(seconds)} {on}"
    more = f", in more than {about(seconds)} {on}" if seconds else ""
    return f"{more}; the time of {unknown} of them is unknown"
