"""A flow's steps one after another in this process, through their real cache."""

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.core.context import recorded_by
from tasks.core.execution import child_process
from tasks.core.report.page import Section
from tasks.core.step import Step
from tests.conftest import PLACES


class InTurn:
    """Takes the calls of steps and runs each at once."""

    def __init__(self) -> None:
        self.became: dict[str, str] = {}

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        outcome = step.execute(arguments)
        self.became[step.label(arguments)] = outcome.state
        return outcome.result

    def ran(self) -> list[str]:
        return [label for label, state in self.became.items() if state == "ran"]


def call_here(entry: str, job: dict[str, Any], **_: Any) -> None:
    """What a child process would do."""
    module, name = entry.split(":")
    getattr(import_module(module), name)(job)


class Run(NamedTuple):
    """Which steps ran, what the flow returned, where everything lies, and titles of published sections."""

    turns: InTurn
    told: dict[str, Any]
    folder: Path
    published: list[str]

    def artifacts(self, pattern: str) -> list[Path]:
        """What the store holds, by name."""
        return sorted((self.folder / "podium_store" / "artifacts").glob(pattern))


def walk(flow: Any, folder: Path, settings: Any) -> Run:
    """Run the flow's steps with places below the folder."""
    turns, published = InTurn(), list[str]()

    def publish(told: list[Section], **_: Any) -> None:
        published.extend(section.title for section in told)

    with pytest.MonkeyPatch.context() as patch, recorded_by(turns):
        for variable in PLACES:
            patch.setenv(variable, str(folder / variable.lower()))
        patch.setattr(child_process, "run", call_here)
        patch.setattr("tasks.report.publish", publish)
        told = flow.fn(settings)
    return Run(turns, told, folder, published)
