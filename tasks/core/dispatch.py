"""Run the long part of a step in a child process that holds a slot of a machine."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from tasks.core.backends import backend
from tasks.core.cache.store import Artifact, Store, part_folders
from tasks.core.cluster import client
from tasks.core.config import Run
from tasks.core.context import running
from tasks.core.execution import child_process, compilation_cache
from tasks.core.execution.slots import Need, slot
from tasks.core.execution.working_time import add_working_time
from tasks.core.jobs import Job


def in_child(
    entry: str,
    kind: str,
    job_type: type[Job],
    *,
    competition: str,
    settings: dict[str, BaseModel] | BaseModel,
    dataset: list[Artifact],
    seed: int,
    run: Run,
    need: Need = "card",
    **fields: Any,
) -> Artifact:
    """Call `module:function` with a job of this type in a new process and store what it writes.

    The process runs on this machine, or on a worker of the cluster that `run` names. `fields` are those that
    the job type adds; artifacts among them are passed as their folders. `dataset` are the parts that it
    reads. Cached steps do not come here, so they wait for no slot. `need` says what the process
    works on.
    """
    store, step = Store.current(), running()

    def job(output: Path) -> dict[str, Any]:
        return job_type(
            competition=competition,
            settings=_as_json(settings),
            dataset=part_folders(dataset),
            seed=seed,
            output=output,
            partial=step.partial,
            data_workers=run.data_workers,
            checkpoint_seconds=run.checkpoint_seconds,
            **{name: _with_folders(value) for name, value in fields.items()},
        ).model_dump(mode="json")

    if run.runner != "threads":
        return client.run_on_worker(entry, job, kind=kind, store=store, step=step, run=run, need=need)
    with slot(need=need) as environment, add_working_time(step.partial), store.new_folder() as folder:
        child_process.run(
            entry,
            job(folder),
            label=step.label,
            environment={**compilation_cache.environment(store.root, backend()), **environment},
            timeout_seconds=run.timeout_seconds,
        )
        return store.keep(kind, folder)


def need_of(settings: dict[str, BaseModel]) -> Need:
    """A card where one of the settings describes a network that the step computes with, else a core."""
    networks = any(getattr(part, "computes_with_network", False) for part in settings.values())
    return "card" if networks else "core"


def network_of(recipe: BaseModel) -> dict[str, Any]:
    """What a child of a recipe computes with: a network on a card, or an estimator on a core."""
    network = bool(getattr(recipe, "trains_network", True))
    return {"network": network, "need": "card" if network else "core"}


def _as_json(settings: dict[str, BaseModel] | BaseModel) -> dict[str, Any]:
    if isinstance(settings, BaseModel):
        return settings.model_dump(mode="json")
    return {name: part.model_dump(mode="json") for name, part in settings.items()}


def _with_folders(value: Any) -> Any:
    if isinstance(value, Artifact):
        return value.path
    if isinstance(value, dict):
        return {name: _with_folders(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_with_folders(item) for item in value)
    return value


JobType = TypeVar("JobType", bound=Job)


def read_job(job: dict[str, Any], job_type: type[JobType]) -> JobType:
    """The job of a child process, whose folder for checkpoints is made."""
    read = job_type.model_validate(job)
    Path(read.partial).mkdir(parents=True, exist_ok=True)
    return read
