"""Predict test records with a bundle's models, each step in a child process, in a temporary folder."""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from flows.offline.inference import config_of
from flows.offline.manifest import Manifest, MemberEntry, with_paths
from flows.offline.time_limit import Deadline
from tasks.core.competition import Part
from tasks.core.dataset import PartFolders
from tasks.core.execution import child_process
from tasks.core.execution.cancellation import RunControl, controlled_by
from tasks.core.execution.slots import graphics_cards
from tasks.core.jobs import EncodeJob, Job, PredictJob

WORK = "flows.offline.work"
TEST: Part = "test"


class Workplace:
    """The test records, their encoded views and their predictions, as far as they are made."""

    def __init__(self, bundle: Path, manifest: Manifest, folder: Path, deadline: Deadline) -> None:
        """Start with nothing.

        Args:
            bundle: its folder.
            folder: an empty one.
            deadline: when children are ended.
        """
        self._bundle, self._manifest, self._folder, self._deadline = bundle, manifest, folder, deadline
        self._environments = SimpleQueue[dict[str, str]]()
        for environment in _environments():
            self._environments.put(environment)
        self.width = self._environments.qsize()
        """Children at one time."""
        self._pool = ThreadPoolExecutor(self.width)
        self._control, self._labels = RunControl(), set[str]()
        self._encoded: dict[str, Future[Path]] = {}
        self._predicted: dict[tuple[str, ...], Future[Path]] = {}
        self._numbers = count()
        self._common = {
            "competition": manifest.competition,
            "seed": manifest.seed,
            "output": folder,
            "partial": folder / "partial",
            "data_workers": 2,
        }
        self._recipes = {member.name: _recipe(manifest, member, bundle) for member in manifest.members}
        self._models = {member.name: [bundle / each for each in member.models] for member in manifest.members}

    def __enter__(self) -> "Workplace":
        return self

    def __exit__(self, *error: object) -> None:
        """End all children that still run, start no more, and wait until they have ended."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._control.cancel(self._labels)
        self._pool.shutdown()

    def load(self, root: Path) -> None:
        """Read and check the raw test files in this folder; raises InvalidData."""
        job = {"competition": self._manifest.competition, "data": self._manifest.data, "root": str(root)}
        self._test = self._run("load", job, label="load test")

    def models_of(self, name: str) -> list[Path]:
        """Folders of a member's models."""
        return self._models[name]

    def agree(self, name: str) -> bool:
        """Whether a member's models predict together, in one child."""
        return bool(self._recipes[name].together)

    def predictions(self, models: Mapping[str, Sequence[Path]]) -> dict[str, list[Path]]:
        """Folders of the predictions of these models, by member; what is there already is not made again.

        Raises:
            DeadlineOver: the deadline came first.
        """
        views = {name: self._views(name) for name in models}
        started = {name: self._start(name, list(folders), views[name]) for name, folders in models.items()}
        return {name: [future.result() for future in futures] for name, futures in started.items()}

    def answers(self, predictions: Mapping[str, Sequence[Path]]) -> Path:
        """The checked submission of these members, by their predictions."""
        job = {
            "competition": self._manifest.competition,
            "file": self._manifest.file,
            "bundle": str(self._bundle),
            "dataset": [str(self._test), str(self._bundle / "common")],
            "predictions": {name: [str(each) for each in folders] for name, folders in predictions.items()},
        }
        return self._run("answer", job, label="answer") / self._manifest.file

    def _views(self, name: str) -> dict[str, Future[Path]]:
        """The test records as a member's models read them, by view."""
        encodings = self._recipes[name].encodings()
        return {view: self._encode(name, view, settings) for view, settings in encodings.items()}

    def _start(self, name: str, models: list[Path], views: dict[str, Future[Path]]) -> list[Future[Path]]:
        """Predictions of a member: one on which its models agree, or one of each model."""
        recipe = self._recipes[name]
        inputs = {view: PartFolders.of(future.result()) for view, future in views.items()}
        groups = [models] if recipe.together else [[model] for model in models]
        return [
            self._predict(recipe, inputs, group, label=f"predict {name} {number}")
            for number, group in enumerate(groups, start=1)
        ]

    def _encode(self, name: str, view: str, settings: dict[str, Any]) -> Future[Path]:
        as_json = {part: each.model_dump(mode="json") for part, each in settings.items()}
        key = json.dumps([view, as_json])
        if key not in self._encoded:
            dataset = PartFolders.of(self._test)
            job = EncodeJob(**self._common, settings=as_json, dataset=dataset, part=TEST, view=view)
            self._encoded[key] = self._submit("encode", job, label=f"encode {name} {view}")
        return self._encoded[key]

    def _predict(
        self, recipe: Any, inputs: dict[str, PartFolders], models: list[Path], *, label: str
    ) -> Future[Path]:
        key = tuple(map(str, models))
        if key not in self._predicted:
            settings = recipe.for_prediction().model_dump(mode="json")
            network = bool(recipe.trains_network)
            dataset = PartFolders.of(self._test, self._bundle / "common")
            job = PredictJob(
                **self._common,
                settings=settings,
                dataset=dataset,
                inputs=inputs,
                models=models,
                part=TEST,
                network=network,
            )
            self._predicted[key] = self._submit("predict", job, label=label)
        return self._predicted[key]

    def _submit(self, function: str, job: Job, *, label: str) -> Future[Path]:
        self._labels.add(label)
        return self._pool.submit(self._run, function, job.model_dump(mode="json"), label=label)

    def _run(self, function: str, job: dict[str, Any], *, label: str) -> Path:
        """Run a function of `WORK` in a child process; returns the folder that it wrote to."""
        output = self._folder / f"{next(self._numbers)}-{function}"
        output.mkdir()
        environment = self._environments.get()
        threading.current_thread().name = label
        try:
            with controlled_by(self._control):
                child_process.run(
                    f"{WORK}:{function}",
                    {**job, "output": str(output)},
                    label=label,
                    environment=environment,
                    timeout_seconds=self._deadline.timeout(label),
                )
        except child_process.ChildFailed:
            self._deadline.raise_if_over(label)
            raise
        finally:
            self._environments.put(environment)
        return output


def _recipe(manifest: Manifest, member: MemberEntry, bundle: Path) -> Any:
    """The settings of a member, alone, since members of different runs may have recipes of one name."""
    recipe = with_paths(member.recipe, bundle)
    return config_of(manifest.competition).model_validate({"recipes": [recipe]}).recipes[0]


def _environments() -> list[dict[str, str]]:
    """Variables that confine a child to a graphics card each or, without one, a core each."""
    cards = [{"CUDA_VISIBLE_DEVICES": card} for card in graphics_cards()]
    return cards or [{"CUDA_VISIBLE_DEVICES": "-1"}] * len(os.sched_getaffinity(0))
