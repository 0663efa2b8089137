"""Run a flow's steps in this one process and record which functions each executes; a script for tests.

    python -m tests.flows.trace COMPETITION SETTINGS.json OUTPUT.json

Child processes are left out: their entries are called here, so that their functions are recorded too.
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
from typing import Any, NamedTuple

from tasks.core.cache.source_code import ROOT
from tasks.core.cache.store import Store
from tasks.core.competition import find
from tasks.core.context import recorded_by
from tasks.core.execution import child_process
from tasks.core.step import Step
from tasks.evaluate import evaluate

CONFIG = "/config.py"


class Executed(NamedTuple):
    """What runs within a block, in all threads started in it."""

    modules: set[str]
    """Modules of `tasks` of which a function runs."""
    settings: set[str]
    """`module:function` of config modules, where code outside of such modules calls it."""


@contextmanager
def executed() -> Iterator[Executed]:
    """Record what runs; the yielded value is filled at the end of the block."""
    files: set[str] = set()
    functions: set[tuple[str, str]] = set()

    def record(frame: FrameType, event: str, _: Any) -> None:
        code, caller = frame.f_code, frame.f_back
        if event == "call" and code.co_flags & CO_OPTIMIZED:  # no body of a module or a class
            files.add(code.co_filename)
            if code.co_filename.endswith(CONFIG) and not (
                caller and caller.f_code.co_filename.endswith(CONFIG)
            ):
                functions.add((code.co_filename, code.co_qualname))

    recorded = Executed(set(), set())
    threading.setprofile(record)
    sys.setprofile(record)
    try:
        yield recorded
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        recorded.modules.update(module(file) for file in files if is_ours(file))
        recorded.settings.update(f"{module(file)}:{name}" for file, name in functions if is_ours(file))


def is_ours(file: str) -> bool:
    return file.startswith(str(ROOT / "tasks"))


def module(file: str) -> str:
    return ".".join(Path(file).relative_to(ROOT).with_suffix("").parts)


def call_here(entry: str, job: dict[str, Any], **_: Any) -> None:
    """Run a child process's entry in this process."""
    module, name = entry.split(":")
    getattr(import_module(module), name)(job)


class Tracer:
    """Recorder of step calls that runs each at once and notes what it executed and what its key covers."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, list[str]]] = {}

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        if not step.cached:
            return "its result"
        covered = step.key(arguments, Store.current()).code
        with executed() as recorded:
            outcome = step.execute(arguments)
        if outcome.state == "ran":  # a second round finds the artifacts of the first in the cache
            self.steps[step.label(arguments)] = {
                "executed": sorted(recorded.modules),
                "settings": sorted(recorded.settings),
                "covered": sorted(covered),
            }
        if step.name == "predict" and arguments["part"] == "held_out":  # as a search does
            call = {name: arguments[name] for name in ("competition", "folds", "of")}
            call |= {"train": arguments["dataset"][0], "predictions": [outcome.result]}
            self.call(evaluate, {**call, "name": arguments["recipe"].name})
        return outcome.result


def main() -> None:
    competition, *files = sys.argv[1:]
    settings, output = map(Path, files)
    child_process.run = call_here  # type: ignore[assignment]
    find(competition)  # what runs at import belongs to no step
    flow = getattr(import_module(f"flows.{competition}"), competition)
    config = import_module(f"tasks.{competition}.config").Config.model_validate_json(settings.read_text())
    tracer = Tracer()
    with recorded_by(tracer):
        flow.fn(config)
    output.write_text(json.dumps(tracer.steps))


if __name__ == "__main__":
    main()
