"""A short flow of the competition dogs, for commands that run, plan or accept one: nothing is learned.

A test says what its steps do (`acts`) and which code they have (`code`).
"""

from collections.abc import Callable
from typing import Any

from prefect import flow

from flows.budget import accepting, plan
from flows.commands import runs
from flows.runtime.await_steps import await_steps
from tasks.core.cache import keys
from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step
from tests.flows.situations.situation import Here, Preparation

acts: dict[str, Callable[[], object]] = {}
"""What a step does besides, by its label."""
code = {"tasks.rehearsed": "a" * 64}
"""Digests of the code of all steps."""


@step(label="load {competition}")
def load(competition: str) -> Artifact:
    return _acted(f"load {competition}")


@step(label="train fold {fold}")
def train(competition: str, loaded: Artifact, fold: int) -> Artifact:
    return _acted(f"train fold {fold}")


@step(label="report {competition}", cached=False)
def report(competition: str, models: list[Artifact]) -> dict[str, Any]:
    _acted(f"report {competition}")
    score = {"name": "accuracy", "value": 0.5, "standard_error": 0.1}
    return {"submission": "/s/submission.txt", "report": "/s/report.html", "score": score}


@flow(name="dogs")
@await_steps
def rehearsal(config: Any) -> Any:
    loaded = load.submit("dogs")
    return report.submit("dogs", [train.submit("dogs", loaded, fold) for fold in range(2)])


def _acted(label: str) -> Artifact:
    """Do what the test says, and keep the label as the result."""
    acts.get(label, lambda: None)()
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text(label)
        return store.keep("text", folder)


def rehearsed(here: Here) -> None:
    """Let the commands run, plan and accept this flow."""
    for module, name in ((runs, "find_prefect_flow"), (plan, "find_flow"), (accepting, "find_flow")):
        here.monkeypatch.setattr(module, name, lambda competition: rehearsal)
    here.monkeypatch.setattr(keys, "code_digests", lambda *arguments: dict(code))
    here.monkeypatch.setattr(keys, "imported_libraries", lambda *arguments: ())
    here.monkeypatch.setitem(code, "tasks.rehearsed", "a" * 64)
    acts.clear()


def acting(label: str, act: Callable[[], object]) -> Preparation:
    """Let a step do something."""
    return lambda here: acts.update({label: act})


def edited(here: Here) -> None:
    """The code of all steps is edited."""
    code["tasks.rehearsed"] = "b" * 64


def raising(error: Exception) -> Callable[[], object]:
    """An act that fails."""

    def act() -> None:
        raise error

    return act
