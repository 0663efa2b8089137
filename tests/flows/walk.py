"""Walk a flow's body in edited copies of the code, each in a process of its own; a script for tests.

    python walk.py FOLDER...

Each folder holds `tree/` (a copy of `flows` and `tasks`), `store/`, and `walk.json` with the settings of
the run. A step goes through its real cache: look up, lock, run, keep, record. Steps that take no
TensorFlow run for real, with the edited code. Of the others, whose bodies would take minutes, the result
is made up of the key: another key gives another result. Writes `walked.json`: what the plan said before,
and what became of each step.

It knows nothing of ours when it starts, so that every copy is imported afresh.
"""

import functools
import json
import os
import sys
from pathlib import Path
from typing import Any

# Loaded once, for all copies; what takes seconds to import.
import numpy as np
import prefect.flows  # noqa: F401
import sklearn.model_selection  # noqa: F401

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
        sys.exit("a walk failed; its error stands above")


def walk_in(folder: Path) -> None:
    """Plan and then walk the flow as this folder's copy of the code has it."""
    told = json.loads((folder / "walk.json").read_text())
    os.chdir(folder / "tree")
    os.environ["PODIUM_STORE"] = str(folder / "store")
    sys.path.insert(0, str(folder / "tree"))
    from flows.dogs import dogs
    from flows.planning import plan
    from tasks.core import keys
    from tasks.core.running import recorded_by
    from tasks.dogs.config import Config

    assert keys.__file__.startswith(str(folder))
    pretend_versions(keys, told["versions"])
    config = Config.model_validate(told["settings"])
    planned = [step._asdict() for step in plan("dogs", config)]
    walker = Walker()
    with recorded_by(walker):
        dogs.fn(config)
    (folder / "walked.json").write_text(json.dumps({"planned": planned, "became": walker.became}))


def pretend_versions(keys: Any, versions: dict[str, str]) -> None:
    """Let these libraries seem installed in other versions."""
    installed = keys.version
    keys.version = lambda name: versions.get(name) or installed(name)


class Walker:
    """Takes the calls of steps and runs each at once."""

    def __init__(self) -> None:
        self.became: dict[str, str] = {}

    def call(self, step: Any, arguments: dict[str, Any]) -> Any:
        if not step.cached:
            return "its result"
        if step.name in MADE_UP and not hasattr(step.fn, "__wrapped__"):
            step.fn = functools.wraps(step.fn)(MADE_UP[step.name])
        outcome = step.execute(arguments)
        self.became[step.label(arguments)] = outcome.state
        return outcome.result


def made_up(**arguments: Any) -> Any:
    """An artifact of the key and nothing else."""
    from tasks.core.running import running
    from tasks.core.store import Store

    store = Store.current()
    with store.new_folder() as folder:
        (folder / "key").write_text(running().key)
        return store.keep("made-up", folder)


def made_up_scores(*, recipe: Any, dataset: Any, folds: Any, fold: int, **arguments: Any) -> Any:
    """Scores of the right records: the truth and some noise drawn from the key.

    Each recipe errs on its own half of the records, so that a blend needs all and any change shows in it.
    """
    from tasks.core.running import running
    from tasks.core.store import Store
    from tasks.dogs import dataset as dataset_files

    random = np.random.default_rng(int(running().key[:16], 16))
    truth = np.eye(len(dataset_files.classes(dataset.path)))[dataset_files.targets(dataset.path)]
    weak = np.arange(len(truth)) % 2 == bool(recipe.trunk.cut)
    truth[weak] = (1 - truth[weak]) * 0.6 + truth[weak] * 0.4
    held_out = np.flatnonzero(np.load(folds.path / "folds.npy") == fold)
    ids = [record["id"] for record in dataset_files.train_records(dataset.path)]
    asked = dataset_files.test_ids(dataset.path)
    parts = {
        "held_out": ([ids[index] for index in held_out], truth[held_out]),
        "test": (asked, np.zeros((len(asked), truth.shape[1]))),
    }
    store = Store.current()
    with store.new_folder() as folder:
        for name, (part, scores) in parts.items():
            noisy = scores + random.random(scores.shape) / 20
            np.save(folder / f"{name}.npy", noisy[:, None].astype(np.float32))
            (folder / f"{name}_ids.json").write_text(json.dumps(part))
        return store.keep("scores", folder)


MADE_UP = {"augment": made_up, "encode": made_up, "train": made_up, "predict": made_up_scores}


if __name__ == "__main__":
    main()
