"""Run a flow's steps one after another in this process, with their real cache."""

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.core.context import recorded_by
from tasks.core.execution import child_process
from tasks.core.report.page import Section
from tasks.core.step import Step
from tests.conftest import PLACES

NOTING = (
    "flows.blending.averaging",
    "flows.blending.flow",
    "flows.prediction.flow",
    "flows.training.joined_members",
    "tasks.submit",
    "tasks.report",
    "tasks.report_prediction",
)
"""Modules that ask for the run's id, to write or read its journal."""


class SequentialRunner:
    """Recorder of step calls that runs each at once, and remembers whether it was cached."""

    def __init__(self, run: str | None = None) -> None:
        """Make a recorder; `run` is the id of the run whose journal notes the steps."""
        self.run = run
        self.states: dict[str, str] = {}

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        outcome = step.execute(arguments, run=self.run)
        self.states[step.label(arguments)] = outcome.state
        return outcome.result

    def ran(self) -> list[str]:
        return [label for label, state in self.states.items() if state == "ran"]


def call_here(entry: str, job: dict[str, Any], **_: Any) -> None:
    """Do in this process what a child process would do."""
    module, name = entry.split(":")
    getattr(import_module(module), name)(job)


class Run(NamedTuple):
    """A finished run: its steps, the flow's result, its folder, titles of published sections."""

    runner: SequentialRunner
    result: dict[str, Any]
    folder: Path
    published: list[str]

    def artifacts(self, pattern: str) -> list[Path]:
        """Paths of the store's artifacts whose names fit the pattern."""
        return sorted((self.folder / "podium_store" / "artifacts").glob(pattern))


def walk(flow: Any, folder: Path, *arguments: Any, run: str | None = None) -> Run:
    """Run the flow's steps with places below the folder; `run` is the id under which they are noted."""
    runner, published = SequentialRunner(run), list[str]()

    def publish(sections: list[Section], **_: Any) -> None:
        published.extend(section.title for section in sections)

    with pytest.MonkeyPatch.context() as patch, recorded_by(runner):
        for variable in PLACES:
            patch.setenv(variable, str(folder / variable.lower()))
        patch.setattr(child_process, "run", call_here)
        patch.setattr("tasks.report.publish", publish)
        patch.setattr("tasks.report_prediction.publish", publish)
        for module in NOTING:
            patch.setattr(f"{module}.run_id", lambda: run)
        result = flow.fn(*arguments)
    return Run(runner, result, folder, published)
