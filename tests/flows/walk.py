"""Walk a flow's body in edited copies of the code, each in its own process; a script for tests.

    python walk.py FOLDER...

Each folder holds `tree/` (a copy of `flows` and `tasks`), `store/`, and `walk.json` with the competition,
the settings of the run, the versions of libraries to pretend, and the half of the records that each recipe
errs on. Steps use the real cache: look up, lock, run, keep, record. Steps without TensorFlow run the
edited code. The results of the others, which would take minutes, are derived from their keys: another key
gives another result. Writes `walked.json`: the plan before, and the states of
all steps.

It imports no module of the project when it starts, so that every copy is imported anew; right and wrong
values of a competition come from `tests/<competition>/contract.py`.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

# Imported once for all copies, as it takes seconds.
import numpy as np
import prefect.flows  # noqa: F401
import sklearn.model_selection  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2


def main() -> None:
    children: list[int] = []
    for folder in map(Path, sys.argv[1:]):
        if len(children) == AT_ONCE:
            wait_for(children.pop(0))
        child = os.fork()
        if child == 0:
            walk_in(folder.resolve())
            os._exit(0)
        children.append(child)
    for child in children:
        wait_for(child)


def wait_for(child: int) -> None:
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit("a walk failed; its error is printed above")


def walk_in(folder: Path) -> None:
    """Plan and then walk the flow with this folder's copy of the code."""
    task = json.loads((folder / "walk.json").read_text())
    os.chdir(folder / "tree")
    os.environ["PODIUM_STORE"] = str(folder / "store")
    sys.path.insert(0, str(folder / "tree"))
    sys.path.append(str(ROOT))  # for modules of the tests; those of the project come from the tree
    from flows.budget.plan import plan
    from tasks.core.cache import keys
    from tasks.core.context import recorded_by

    assert keys.__file__.startswith(str(folder))
    pretend_versions(keys, task["versions"])
    competition: str = task["competition"]
    flow = getattr(import_module(f"flows.{competition}"), competition)
    config = import_module(f"tasks.{competition}.config").Config.model_validate(task["settings"])
    planned = [step._asdict() for step in plan(competition, config)]
    walker = Walker({**MADE_UP, "predict": functools.partial(made_up_scores, halves=task["halves"])})
    with recorded_by(walker):
        flow.fn(config)
    (folder / "walked.json").write_text(json.dumps({"planned": planned, "states": walker.states}))


def pretend_versions(keys: Any, versions: dict[str, str]) -> None:
    """Make these libraries seem installed in other versions."""
    installed = keys.version
    keys.version = lambda name: versions.get(name) or installed(name)


class Walker:
    """Recorder of step calls that runs each at once; steps of these names get other bodies."""

    def __init__(self, bodies: dict[str, Callable[..., Any]]) -> None:
        self.bodies = bodies
        self.states: dict[str, str] = {}

    def call(self, step: Any, arguments: dict[str, Any]) -> Any:
        if not step.cached:
            return "its result"
        if step.name in self.bodies and not hasattr(step.fn, "__wrapped__"):
            step.fn = with_body(step.fn, self.bodies[step.name])
        outcome = step.execute(arguments)
        self.states[step.label(arguments)] = outcome.state
        return outcome.result


def with_body(function: Callable[..., Any], body: Callable[..., Any]) -> Callable[..., Any]:
    """The function with another body; its name, module and other attributes stay."""

    @functools.wraps(function)
    def call(**arguments: Any) -> Any:
        return body(**arguments)

    return call


def made_up(**arguments: Any) -> Any:
    """An artifact that contains only the key."""
    from tasks.core.cache.store import Store
    from tasks.core.context import running

    store = Store.current()
    with store.new_folder() as folder:
        (folder / "key").write_text(running().key)
        return store.keep("made-up", folder)


MADE_UP: dict[str, Callable[..., Any]] = dict.fromkeys(("augment", "encode", "pretrain", "train"), made_up)
"""Steps whose bodies need TensorFlow; `predict` does too, but other steps read its scores."""


def made_up_scores(
    *,
    competition: str,
    recipe: Any,
    dataset: Any,
    folds: Any,
    part: str,
    fold: int | None,
    halves: dict[str, int],
    **arguments: Any,
) -> Any:
    """Scores of the right records, random with a seed from the key; near the truth where it is known."""
    from tasks.core.cache.store import Store, part_folders
    from tasks.core.competition import Scores, find
    from tasks.core.context import running
    from tasks.learning.ensemble import prediction_files

    random = np.random.default_rng(int(running().key[:16], 16))
    ids = find(competition).ids
    store = Store.current()
    source, records = "train" if part == "held_out" else part, part_folders(dataset)
    known = ids(records, source)
    values = near_truth(competition, records, source, random, half=halves[recipe.name])
    rows = np.arange(len(known))
    if part == "held_out":
        rows = np.flatnonzero(np.load(folds.path / "folds.npy") == fold)
    chosen = values[rows]
    if isinstance(chosen, np.ndarray):
        chosen = chosen[:, None]  # a model with one head
    with store.new_folder() as folder:
        prediction_files.write(folder, part, Scores([known[row] for row in rows], chosen))
        return store.keep("scores", folder)


def near_truth(competition: str, dataset: Any, part: str, random: Any, *, half: int) -> Any:
    """The truth with some noise, but mostly wrong in one half of the records.

    Where recipes err on different halves, a blend needs them all, and any change shows in it.
    """
    from tasks.learning.ensemble.members import concatenated, weighted_mean

    contract = import_module(f"tests.{competition}.contract")
    noise = contract.random_values(dataset, part, random)
    if part == "test":
        return noise
    perfect, wrong = contract.perfect(dataset, part), contract.wrong(dataset, part)
    doubtful = weighted_mean([perfect, wrong], np.array([0.4, 0.6]))
    rows = np.arange(len(perfect))
    mixed = concatenated([perfect, doubtful])[rows + len(rows) * (rows % 2 == half)]
    return weighted_mean([mixed, noise], np.array([0.95, 0.05]))


if __name__ == "__main__":
    main()
