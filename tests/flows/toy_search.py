"""A search of the toy as a process of its own, with trainings of numpy alone: quick to start, safe to kill.

python -m tests.flows.toy_search <folder> '{"trials": 30, …}'
"""

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from tasks.core import dispatch, locations
from tasks.core.competition import Scores
from tasks.core.dispatch import read_job
from tasks.core.execution import cancellation, child_process
from tasks.core.execution.child_messages import EpochProgress
from tasks.core.execution.slots import Need, slot
from tasks.core.jobs import Job, PredictJob, TrainJob
from tests.toy import plugging

COUNT = 150
"""Points."""
TEST = 10
"""Those of them that are asked for."""
SECONDS = "TOY_EPOCH_SECONDS"
"""Environment variable: how long an epoch takes."""


def write(root: Path) -> Path:
    """Points whose labels are wrong here and there, the side changing beside zero; the last are asked for."""
    drawn = np.random.default_rng(0)
    at = drawn.uniform(-1, 1, COUNT)
    labels = (at > 0.35) ^ (drawn.random(COUNT) < 0.1)
    points: list[tuple[str, dict[str, Any]]] = [
        (f"p{index:03}", {"at": float(place)}) for index, place in enumerate(at)
    ]
    train, test = dict(points[: COUNT - TEST]), dict(points[COUNT - TEST :])
    for point, label in zip(train.values(), labels, strict=False):
        point["label"] = int(label)
    root.mkdir(parents=True)
    (root / "train.json").write_text(json.dumps(train))
    (root / "test.json").write_text(json.dumps(test))
    return root


def plug(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """The toy with its flow, children that are none, and presets below the folder."""
    plugging.plug(Path(tempfile.mkdtemp(dir=folder)) / "code", patch)
    patch.setitem(sys.modules, "flows.toy", import_module("tests.toy.flow"))
    patch.setattr(child_process, "run", run_here)
    patch.setattr(dispatch, "slot", noted_slot)
    patch.setattr(locations, "presets_folder", lambda: folder / "conf")


def prepared(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """The folder with raw files, the toy plugged in, and two slots on the processor."""
    write(folder / "data")
    plug(patch, folder)
    patch.setenv("CUDA_VISIBLE_DEVICES", "")
    patch.setenv("PODIUM_SLOTS", "2")
    return folder


def run_here(entry: str, job: dict[str, Any], *, timeout_seconds: float, label: str, **_: Any) -> None:
    """Does what a child process would do, and ends as one does."""
    began, ended = time.time(), Event()
    if entry == "tasks.train:child":
        ends = began + timeout_seconds if timeout_seconds else float("inf")
        with cancellation.running_child(label, ended.set):
            train(read_job(job, TrainJob), label, ended, ends=ends)
    elif entry == "tasks.predict:child":
        predict(read_job(job, PredictJob))
    else:
        module, name = entry.split(":")
        getattr(import_module(module), name)(job)
    note(entry, began)


@contextmanager
def noted_slot(*, need: Need) -> Iterator[dict[str, str]]:
    """A slot whose time is noted."""
    with slot(need=need) as environment:
        began = time.time()
        yield environment
        note("slot", began)


def note(what: str, began: float) -> None:
    with open(os.environ["PODIUM_STORE"] + ".busy", "a") as file:
        file.write(f"{what} {began} {time.time()}\n")


def train(job: TrainJob, label: str, ended: Event, *, ends: float) -> None:
    """Logistic regression by gradient descent, from a line that is wrong."""
    places_, labels = _records(job)
    own = np.load(job.folds / "folds.npy") != job.fold
    weights, history = np.array([-1.0, 0.5]), []
    for epoch in range(1, job.settings["epochs"] + 1):
        time.sleep(float(os.environ.get(SECONDS, 0)))
        if ended.is_set():
            cancellation.raise_if_cancelled(label)
        if time.time() > ends:
            raise child_process.ChildFailed("took longer than its limit")
        error = 1 / (1 + np.exp(-_line(weights, places_))) - labels
        gradient = np.array([(error * places_)[own].mean(), error[own].mean()])
        weights = weights - job.settings["learning_rate"] * gradient
        share = float(((_line(weights, places_) > 0) == labels)[~own].mean())
        history.append({"stage": 1, "epoch": epoch, "loss": 0.0, "held_out_accuracy": share})
        count = job.settings["epochs"]
        figures = {"loss": 0.0, "held_out_accuracy": share}
        _report(label, EpochProgress(epoch, count, figures, 9.0, "steps", 0.0))
    np.save(job.output / "weights.npy", weights)
    (job.output / "history.json").write_text(json.dumps(history))


def predict(job: PredictJob) -> None:
    from tasks.learning.ensemble import prediction_files
    from tasks.learning.folds.rows import held_out_rows
    from tasks.toy import dataset as files

    weights = np.load(job.models[0] / "weights.npy")
    part = "train" if job.part == "held_out" else job.part
    ids, at = files.ids(job.dataset, part), _places(job, part)
    rows = held_out_rows(job) if job.part == "held_out" else np.arange(len(ids))
    line = _line(weights, at[rows])
    values = np.stack([-line, line], axis=1)[:, None].astype(np.float32)
    prediction_files.write(job.output, job.part, Scores([ids[row] for row in rows], values))


def _line(weights: np.ndarray, at: np.ndarray) -> np.ndarray:
    return weights[0] * at + weights[1]


def _records(job: Job) -> tuple[np.ndarray, np.ndarray]:
    from tasks.toy import dataset as files

    return _places(job, "train"), files.targets(job.dataset)


def _places(job: Job, part: str) -> np.ndarray:
    from tasks.toy import dataset as files

    return np.array([point["at"] for point in files.records(job.dataset, part).values()])


def _report(label: str, progress: EpochProgress) -> None:
    logging.getLogger("podium").info("%s", progress.text())
    child_process.report_epoch(label, progress)


def main() -> None:
    """Search, and print the summary as JSON."""
    from prefect.task_runners import ThreadPoolTaskRunner

    from flows.console import show_logs

    folder, chosen = Path(sys.argv[1]), json.loads(sys.argv[2])
    with pytest.MonkeyPatch.context() as patch:
        plug(patch, folder)
        from flows.search.flow import search, worker_count
        from tasks.learning.search.config import Search
        from tasks.toy.config import Config, Data  # type: ignore[import-not-found]

        show_logs()
        config = Config(data=Data(root=str(folder / "data")), folds={"count": 3})
        settings = Search(**chosen)
        runner = ThreadPoolTaskRunner(max_workers=worker_count(settings))
        print(json.dumps(search.with_options(task_runner=runner)("toy", config, settings)))


if __name__ == "__main__":
    main()
