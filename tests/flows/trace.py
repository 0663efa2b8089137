"""Run a flow's steps in this one process and note which functions of ours each executes; a script for tests.

    python -m tests.flows.trace COMPETITION SETTINGS.json TOLD.json

Child processes are left out: their entries are called here, so that their functions are seen too.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType
from typing import Any

from tasks.core.cache.code import ROOT
from tasks.core.cache.store import Store
from tasks.core.competition import find
from tasks.core.context import recorded_by
from tasks.core.execution import child_process
from tasks.core.step import Step
from tasks.evaluate import evaluate


@contextmanager
def executed() -> Iterator[set[str]]:
    """Names of our modules of which a function runs within the block, in any thread begun in it."""
    files: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_flags & CO_OPTIMIZED:  # no body of a module or a class
            files.add(frame.f_code.co_filename)

    modules: set[str] = set()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        ours = (Path(file) for file in files if file.startswith(str(ROOT / "tasks")))
        modules.update(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ours)


def call_here(entry: str, job: dict[str, Any], **_: Any) -> None:
    """What a child process would do."""
    module, name = entry.split(":")
    getattr(import_module(module), name)(job)


class Tracer:
    """Takes the calls of steps, runs each and notes what it executed and what its key covers."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, list[str]]] = {}

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        if not step.cached:
            return "its result"
        covered = step.key(arguments, Store.current()).code
        with executed() as modules:
            outcome = step.execute(arguments)
        if outcome.state == "ran":  # a second round finds what the first has made
            self.told[step.label(arguments)] = {"executed": sorted(modules), "covered": sorted(covered)}
        if step.name == "predict" and arguments["fold"] is not None:  # as a search does
            call = {name: arguments[name] for name in ("competition", "dataset", "folds", "of")}
            self.call(evaluate, {**call, "name": arguments["recipe"].name, "predictions": outcome.result})
        return outcome.result


def main() -> None:
    competition, *files = sys.argv[1:]
    settings, told = map(Path, files)
    child_process.run = call_here  # type: ignore[assignment]
    find(competition)  # what runs at import belongs to no step
    flow = getattr(import_module(f"flows.{competition}"), competition)
    config = import_module(f"tasks.{competition}.config").Config.model_validate_json(settings.read_text())
    tracer = Tracer()
    with recorded_by(tracer):
        flow.fn(config)
    told.write_text(json.dumps(tracer.told))


if __name__ == "__main__":
    main()
