"""`conf/schedules.toml`: which presets stand in Prefect's UI, when they run, and who is told.

Read without Prefect, whose import takes a second and whose messages name neither file nor line.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from flows.humanize import parse_duration
from flows.scheduling.cron import mistake
from tasks.core import competition as competitions
from tasks.core import places
from tasks.core.config import Settings
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.core.settings import presets as preset_files
from tasks.core.settings import resolve
from tasks.core.settings.error_messages import explained, located, told
from tasks.core.settings.overrides import Location, dotted
from tasks.core.settings.presets import PresetFile

NAME = "schedules"


class Schedule(Settings):
    """When one preset of a competition runs by itself."""

    competition: str
    preset: str
    cron: str = ""
    """Minute, hour, day of the month, month, day of the week."""
    every: str = ""
    """Length of an interval, counted from midnight of the time zone."""
    timezone: str = "UTC"
    """Name in the IANA's list, like Europe/Berlin."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "Schedule":
        if bool(self.cron) == bool(self.every):
            received = "both" if self.cron else "neither"
            raise ValueError(f"cron: expected cron or every, received {received}")
        return self

    @property
    def interval(self) -> timedelta:
        """`every` as a duration."""
        return parse_duration(self.every, option="every")

    @property
    def said(self) -> str:
        """What it says, in one line: its name in Prefect, which knows it again by that."""
        return f"{self.cron or f'every {self.every}'} {self.timezone}"


class Notify(Settings):
    """Who is told of runs that ended."""

    command: str = ""
    """Run by the shell with a JSON object on its standard input; empty: nobody is told."""
    unchanged: bool = False
    """Tell of runs that found nothing to do as well."""


class Plan(Settings):
    """The whole file."""

    presets: dict[str, tuple[str, ...]] = {}
    """Presets that stand in the UI, by competition; all of one that is not named."""
    notify: Notify = Notify()
    schedules: tuple[Schedule, ...] = Field(())

    def shown(self, competition: str, *, root: Path | None = None) -> list[str]:
        """Presets of a competition that stand in the UI: those chosen, and those with a schedule."""
        chosen = self.presets.get(competition)
        names = chosen if chosen is not None else [each.name for each in resolve.presets(competition, root)]
        scheduled = [each.preset for each in self.schedules if each.competition == competition]
        return list(dict.fromkeys([*names, *scheduled]))

    def of(self, competition: str, preset: str) -> list[Schedule]:
        """Schedules of one deployment."""
        return [each for each in self.schedules if (each.competition, each.preset) == (competition, preset)]


EXAMPLE = Plan(schedules=(Schedule(competition="dogs", preset="demo", cron="0 3 * * *"),))
"""Has every key, for suggestions."""


def read(*, root: Path | None = None) -> Plan:
    """The plan; empty where there is no file.

    Args:
        root: folder of presets, `conf` of the checkout unless given.

    Raises:
        InvalidSettings: names the file, the line, the key, what was expected and what came.
    """
    folder = root or places.presets_folder()
    if not (folder / f"{NAME}.toml").is_file():
        return Plan()
    file = preset_files.read(folder, NAME)
    try:
        plan = Plan.model_validate_json(json.dumps(file.tree, default=str), strict=True)
    except ValidationError as error:
        known = EXAMPLE.model_dump(mode="json")
        lines = [f"{file.place(located(each))}: {explained(each, known)}" for each in told(error.errors())]
        raise InvalidSettings("\n".join(lines)) from None
    if found := [_line(file, location, text) for location, text in _mistakes(plan, folder)]:
        raise InvalidSettings("\n".join(found))
    return plan


def _line(file: PresetFile, location: Location, text: str) -> str:
    return f"{file.place(location)}: {dotted(location)}: {text}"


def _mistakes(plan: Plan, root: Path) -> Iterator[tuple[Location, str]]:
    """What types cannot tell: competitions, presets, time zones and times that do not exist."""
    known = {
        name: [each.name for each in resolve.presets(name, root)] for name in competitions.competition_names()
    }
    for competition, presets in plan.presets.items():
        at: Location = ("presets", competition)
        if competition not in known:
            yield at, _expected(competition, list(known))
            continue
        for preset in presets:
            if preset not in known[competition]:
                yield at, _expected(preset, known[competition])
    for index, schedule in enumerate(plan.schedules):
        for key, text in _mistakes_of(schedule, known):
            yield ("schedules", index, key), text
        if schedule in plan.schedules[:index]:
            yield ("schedules", index), f"says the same as schedules.{plan.schedules.index(schedule)}"


def _mistakes_of(schedule: Schedule, known: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    if schedule.competition not in known:
        yield "competition", _expected(schedule.competition, list(known))
    elif schedule.preset not in known[schedule.competition]:
        yield "preset", _expected(schedule.preset, known[schedule.competition])
    if schedule.timezone not in _timezones():
        received = f"{schedule.timezone!r}{suggestion(schedule.timezone, _timezones())}"
        yield "timezone", f"expected the name of a time zone, like Europe/Berlin, received {received}"
    if schedule.cron and (text := mistake(schedule.cron)):
        yield "cron", text
    if schedule.every and (text := _mistake_of_interval(schedule)):
        yield "every", text


def _mistake_of_interval(schedule: Schedule) -> str:
    try:
        return "" if schedule.interval else f"expected more than nothing, received {schedule.every!r}"
    except InvalidSettings as error:
        return str(error).removeprefix("every: ")


def _expected(name: str, known: list[str]) -> str:
    return f"expected one of {', '.join(known)}, received {name!r}{suggestion(name, known)}"


@functools.cache
def _timezones() -> set[str]:
    from zoneinfo import available_timezones

    return available_timezones()
