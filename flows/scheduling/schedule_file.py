"""`conf/schedules.toml`: which presets Prefect's UI shows, when they run, and which command is notified.

It is read without Prefect, whose import takes a second and whose messages name neither file nor line.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, model_validator

from flows.humanize import parse_duration
from flows.scheduling.cron import cron_error, cron_values
from tasks.core import locations
from tasks.core.competition import competition_names
from tasks.core.config import Settings
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import MOST_LISTED, InvalidSettings
from tasks.core.settings import presets as preset_files
from tasks.core.settings import resolve
from tasks.core.settings.error_messages import messages
from tasks.core.settings.overrides import Location, dotted

NAME = "schedules"
PREDICT = "predict"
"""Name of the flow that answers other test files."""


class Timing(Settings):
    """When a flow runs without being started by a user."""

    cron: str = ""
    """Minute, hour, day of the month, month, day of the week."""
    every: str = ""
    """Length of an interval, counted from midnight of the time zone."""
    timezone: str = "UTC"
    """IANA name, such as Europe/Berlin."""

    @property
    def interval(self) -> timedelta:
        """`every` as a duration."""
        return parse_duration(self.every, option="every")

    @property
    def timing(self) -> str:
        """Its settings in one line, also its name (slug) in Prefect, which identifies it."""
        return f"{self.cron or f'every {self.every}'} {self.timezone}"


class Schedule(Timing):
    """When a preset of a competition runs."""

    competition: str
    preset: str

    @model_validator(mode="after")
    def _has_cron_or_interval(self) -> "Schedule":
        if bool(self.cron) == bool(self.every):
            received = "both" if self.cron else "neither"
            raise ValueError(f"cron: expected cron or every, received {received}")
        return self


class Prediction(Timing):
    """Test files that an earlier submission's models answer, on demand, and on a schedule if there is one."""

    competition: str
    submission: str = ""
    """The folder of the earlier submission, or a part of its name that is unique."""
    set: tuple[str, ...] = ()
    """Settings to change, such as `data.root=~/final`."""
    name: str = "predict"
    """Name of the new submission."""

    @model_validator(mode="after")
    def _is_scheduled_once_and_whole(self) -> "Prediction":
        if self.cron and self.every:
            raise ValueError("cron: expected cron or every, received both")
        if (self.cron or self.every) and not self.submission:
            raise ValueError("submission: expected the name of one, for there is a schedule; received none")
        return self

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments of the flow."""
        return {
            "competition": self.competition,
            "submission": self.submission,
            "overrides": list(self.set),
            "name": self.name,
        }


class Notify(Settings):
    """The command that is notified when a run has ended."""

    command: str = ""
    """Run by the shell with a JSON object on its standard input; empty: none."""
    unchanged: bool = False
    """Whether to notify of runs that changed nothing, too."""


class ScheduleFile(Settings):
    """The contents of the file."""

    presets: dict[str, tuple[str, ...]] = {}
    """Presets that the UI shows, by competition; all presets of a competition that is missing here."""
    notify: Notify = Notify()
    schedules: tuple[Schedule, ...] = Field(())
    predictions: tuple[Prediction, ...] = Field(())

    def deployed_presets(self, competition: str, *, root: Path | None = None) -> list[str]:
        """Presets of a competition that the UI shows: those in `presets`, and those with a schedule."""
        names = self.presets.get(competition)
        if names is None:
            names = tuple(each.name for each in resolve.presets(competition, root))
        scheduled = [each.preset for each in self.schedules if each.competition == competition]
        return list(dict.fromkeys([*names, *scheduled]))

    def schedules_of(self, competition: str, preset: str) -> list[Schedule]:
        """Schedules of a preset of a competition."""
        return [each for each in self.schedules if (each.competition, each.preset) == (competition, preset)]


EXAMPLE = ScheduleFile(
    schedules=(Schedule(competition="dogs", preset="demo", cron="0 3 * * *"),),
    predictions=(Prediction(competition="dogs", submission="best", every="1d"),),
)
"""Contains every key, for suggestions in error messages."""


def read(*, root: Path | None = None) -> ScheduleFile:
    """The contents of the file in `root`, by default the folder of the user's presets; empty without one.

    Raises:
        InvalidSettings: names the file, the line, the key, what was expected and what was received.
    """
    folder = root or locations.presets_folder()
    if not (folder / f"{NAME}.toml").is_file():
        return ScheduleFile()
    file = preset_files.read([folder], NAME)
    try:
        contents = ScheduleFile.model_validate_json(json.dumps(file.tree), strict=True)
    except ValidationError as error:
        known = EXAMPLE.model_dump(mode="json")
        raise InvalidSettings("\n".join(messages(error, known, file.place))) from None
    errors = list(islice(_errors(contents, root), MOST_LISTED + 1))
    if lines := [f"{file.place(at)}: {dotted(at)}: {text}" for at, text in errors[:MOST_LISTED]]:
        raise InvalidSettings("\n".join([*lines, *["… and more"] * (len(errors) > MOST_LISTED)]))
    return contents


def _errors(contents: ScheduleFile, root: Path | None) -> Iterator[tuple[Location, str]]:
    """Errors that types do not exclude: unknown competitions, presets, time zones, and invalid times."""
    known = {name: [each.name for each in resolve.presets(name, root)] for name in competition_names()}
    for competition, presets in contents.presets.items():
        at: Location = ("presets", competition)
        if competition not in known:
            yield at, _expected(competition, list(known))
            continue
        for preset in presets:
            if preset not in known[competition]:
                yield at, _expected(preset, known[competition])
    same: dict[Any, int] = {}
    for index, schedule in enumerate(contents.schedules):
        wrong = [(("schedules", index, key), text) for key, text in _schedule_errors(schedule, known)]
        yield from wrong
        if not wrong and (first := same.setdefault(_meaning(schedule), index)) < index:
            yield ("schedules", index), f"is the same as schedules.{first}"
    yield from _errors_of_predictions(contents.predictions, list(known))


def _meaning(schedule: Schedule) -> tuple[Any, ...]:
    """Equal for schedules that start the same preset at the same times, however they are written."""
    times = cron_values(schedule.cron) if schedule.cron else schedule.interval
    return schedule.competition, schedule.preset, schedule.timezone, times


def _errors_of_predictions(
    predictions: Sequence[Prediction], known: list[str]
) -> Iterator[tuple[Location, str]]:
    same: dict[tuple[str, str], int] = {}
    for index, prediction in enumerate(predictions):
        for key, text in _prediction_errors(prediction, known):
            yield ("predictions", index, key), text
        if (first := same.setdefault((prediction.competition, prediction.name), index)) < index:
            yield ("predictions", index, "name"), f"is that of predictions.{first} too"


def _prediction_errors(prediction: Prediction, known: list[str]) -> Iterator[tuple[str, str]]:
    if prediction.competition not in known:
        yield "competition", _expected(prediction.competition, known)
    yield from _timing_errors(prediction)


def _schedule_errors(schedule: Schedule, known: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    if schedule.competition not in known:
        yield "competition", _expected(schedule.competition, list(known))
    elif schedule.preset not in known[schedule.competition]:
        yield "preset", _expected(schedule.preset, known[schedule.competition])
    yield from _timing_errors(schedule)


def _timing_errors(schedule: Timing) -> Iterator[tuple[str, str]]:
    if schedule.timezone not in _timezones():
        received = f"{schedule.timezone!r}{suggestion(schedule.timezone, _timezones())}"
        yield "timezone", f"expected the name of a time zone, such as Europe/Berlin, received {received}"
    if schedule.cron and (text := cron_error(schedule.cron)):
        yield "cron", text
    if schedule.every and (text := _interval_error(schedule)):
        yield "every", text


def _interval_error(schedule: Timing) -> str:
    try:
        return "" if schedule.interval else f"expected a duration above zero, received {schedule.every!r}"
    except InvalidSettings as error:
        return str(error).removeprefix("every: ")


def _expected(name: str, known: list[str]) -> str:
    return f"expected one of {', '.join(known)}, received {name!r}{suggestion(name, known)}"


@functools.cache
def _timezones() -> set[str]:
    return available_timezones()


class DeploymentSpec(NamedTuple):
    """A deployment to create: a preset, its settings, and its schedules."""

    competition: str
    preset: str
    header: str
    config: Any
    schedules: list[Schedule]

    @property
    def flow(self) -> str:
        """Name of its flow."""
        return self.competition

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments of its flow."""
        return {"config": self.config.model_dump(mode="json")}


class PredictionSpec(NamedTuple):
    """A deployment to create that answers test files with the models of an earlier submission."""

    competition: str
    preset: str
    """Its name: the competition's, and that of the prediction."""
    header: str
    parameters: dict[str, Any]
    schedules: list[Timing]

    @property
    def flow(self) -> str:
        """Name of its flow."""
        return PREDICT


AnySpec = DeploymentSpec | PredictionSpec


def prediction_specs(file: ScheduleFile, names: Sequence[str] = ()) -> list[PredictionSpec]:
    """A deployment of each competition, to be started by hand, and those of the file."""
    chosen = names or competition_names()
    known = {(each.competition, each.name): each for each in file.predictions}
    for competition in chosen:
        known.setdefault((competition, "predict"), Prediction(competition=competition))
    return [
        PredictionSpec(
            each.competition,
            each.competition if each.name == "predict" else f"{each.competition}-{each.name}",
            "Answers other test files with the models of an earlier submission; nothing is trained.",
            each.parameters,
            [each] if each.cron or each.every else [],
        )
        for each in known.values()
        if each.competition in chosen
    ]


def deployment_specs(
    file: ScheduleFile, names: Sequence[str] = (), *, root: Path | None = None
) -> list[DeploymentSpec]:
    """Every deployment of these competitions, or of all.

    Raises:
        InvalidSettings: a competition does not exist, or a preset is invalid.
    """
    specs = []
    for competition in names or competition_names():
        resolve.config_class(competition)
        headers = dict(resolve.presets(competition, root))
        for preset in file.deployed_presets(competition, root=root):
            config: Any = resolve.resolve(competition, preset=preset, root=root)
            config = config.model_copy(update={"run": config.run.model_copy(update={"name": preset})})
            schedules = file.schedules_of(competition, preset)
            specs.append(DeploymentSpec(competition, preset, headers[preset], config, schedules))
    return specs


def deployment_name(spec: AnySpec, pool: str | None = None) -> str:
    """The preset, and the work pool if there is one: `serve` and `deploy` do not share a deployment."""
    return f"{spec.preset}@{pool}" if pool else spec.preset
