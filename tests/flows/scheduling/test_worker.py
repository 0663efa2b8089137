"""What a worker of `podium deploy` starts: flows of this project alone, whatever the server says."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from flows.scheduling import own_flows
from flows.scheduling.entrypoint import deployment_flow, prediction_flow
from flows.scheduling.own_flows import checked_flow, entrypoint_of
from flows.scheduling.schedule_file import PREDICT
from flows.scheduling.worker import OwnFlowsWorker
from tasks.core.competition import competition_names
from tasks.core.errors import InvalidSettings, UserError
from tasks.core.settings.resolve import config_class

DOGS, PREDICTS = entrypoint_of("dogs"), entrypoint_of(PREDICT)
ASKED: dict[str, Any] = {"competition": "dogs", "submission": "best", "overrides": [], "name": "final"}


def settings(**changes: Any) -> dict[str, Any]:
    return {"config": config_class("dogs")().model_dump(mode="json") | changes}


@pytest.mark.parametrize("competition", competition_names())
def test_a_flow_of_ours_with_its_settings_is_started(competition: str) -> None:
    config = config_class(competition)().model_dump(mode="json")
    assert checked_flow(entrypoint_of(competition), {"config": config}) == competition
    assert checked_flow(entrypoint_of(competition), {"config": {}}) == competition  # the defaults


@pytest.mark.parametrize(
    "entrypoint",
    [
        *(None, "", "dogs", "flows.dogs.dogs", "os.system", "elsewhere/hack.py:dogs", "hack.py:dogs"),
        *(f"{DOGS}:dogs", f"{DOGS} ", f"x{DOGS}", DOGS.upper(), entrypoint_of("cats"), entrypoint_of("")),
        *(entrypoint_of("log"), entrypoint_of("__getattr__"), entrypoint_of("os.system")),
    ],
)
def test_another_entrypoint_is_refused(entrypoint: str | None) -> None:
    with pytest.raises(
        InvalidSettings, match=r"^entrypoint: expected one of flows.scheduling.entrypoint.dogs,"
    ):
        checked_flow(entrypoint, settings())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "parameters: expected config; received none"),
        (settings() | {"command": "rm"}, "parameters: expected config; received 'config', 'command'"),
        ({"config": None}, "config: "),
        ({"config": "dogs"}, "config: "),
        (settings(folds={"count": "many"}), "config: folds.count: expected a whole number"),
        (settings(folds={"count": 1}), "config: folds.count: expected at least 2"),
        (settings(pull_steps=[]), "config: pull_steps: unknown key"),
        (settings(run={"runner": "shell"}), "config: run.runner: expected one of"),
    ],
)
def test_parameters_that_the_settings_do_not_accept_are_refused(
    parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSettings) as caught:
        checked_flow(DOGS, parameters)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "parameters: expected competition, submission, overrides, name; received none"),
        (
            ASKED | {"command": "rm"},
            "parameters: expected competition, submission, overrides, name; received",
        ),
        (ASKED | {"competition": "cats"}, "competition: expected one of"),
        (ASKED | {"competition": ["dogs"]}, "competition: expected text, received"),
        (ASKED | {"overrides": "data.root=/"}, "overrides: expected a list of texts, received 'data.root=/'"),
        (ASKED | {"overrides": [1]}, "overrides: expected a list of texts, received [1]"),
        (ASKED | {"submission": "none of this name"}, "submission: "),
    ],
)
def test_predictions_that_cannot_be_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_flow(PREDICTS, parameters)
    assert str(caught.value).startswith(message)


def test_a_prediction_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(own_flows, "resolve", lambda *names, **options: asked.append((names, options)))
    assert checked_flow(PREDICTS, ASKED | {"overrides": ["data.root=~/b"]}) == PREDICT
    assert checked_flow(PREDICTS, {"competition": "dogs", "submission": "best"}) == PREDICT
    assert asked[0] == (("dogs",), {"overrides": ["data.root=~/b"], "submission": "best"})


class Client:
    """As much of Prefect's client as the check uses."""

    def __init__(self, entrypoint: str | None) -> None:
        self.deployment = SimpleNamespace(
            entrypoint=entrypoint,
            pull_steps=[{"prefect.deployments.steps.run_shell_script": {"script": "touch hacked"}}],
            job_variables={"command": "touch hacked", "env": {"LD_PRELOAD": "hacked.so"}},
        )
        self.states: list[Any] = []

    async def read_deployment(self, id: Any) -> Any:
        return self.deployment

    async def set_flow_run_state(self, id: Any, state: Any) -> None:
        self.states.append(state)


def worker(entrypoint: str | None) -> tuple[OwnFlowsWorker, Client]:
    made, client = OwnFlowsWorker(work_pool_name="boxes"), Client(entrypoint)
    made._client = client  # type: ignore[assignment]
    return made, client


def flow_run(parameters: dict[str, Any]) -> Any:
    return SimpleNamespace(
        id=uuid4(), name="run", flow_id=uuid4(), deployment_id=uuid4(), parameters=parameters
    )


@pytest.mark.parametrize(
    ("entrypoint", "parameters", "message"),
    [("elsewhere/hack.py:dogs", settings(), "entrypoint"), (DOGS, settings(x=1), "config: x: unknown key")],
)
def test_a_worker_refuses_with_one_message_and_starts_nothing(
    entrypoint: str, parameters: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefect.workers.process.ProcessWorker._submit_run_and_capture_errors", None)
    own, client = worker(entrypoint)
    asyncio.run(own._submit_run_and_capture_errors(flow_run(parameters)))
    (state,) = client.states
    assert state.is_failed()
    assert state.message.startswith(f"Refused: {message}")


@pytest.mark.parametrize("name", ["dogs", PREDICT])
def test_a_worker_starts_our_flow_without_what_its_deployment_adds(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: dict[str, Any] = {}

    class Context:
        control_channel = None

        async def __aenter__(self) -> "Context":
            return self

        async def __aexit__(self, *_: Any) -> None: ...

        def create_executor(self, flow_run: Any, starter: Any, **options: Any) -> Any:
            started.update(starter=starter, options=options)

            async def submit(*, task_status: Any) -> Any:
                task_status.started(SimpleNamespace(pid=7))
                return SimpleNamespace(status_code=0)

            return SimpleNamespace(submit=submit)

    monkeypatch.setattr("flows.scheduling.worker.FlowRunExecutorContext", Context)
    monkeypatch.setattr(own_flows, "resolve", lambda *names, **options: None)
    own, client = worker(entrypoint_of(name))
    run = flow_run(settings() if name == "dogs" else ASKED)
    result = asyncio.run(own.run(run, SimpleNamespace(**client.deployment.job_variables)))
    assert (result.status_code, result.identifier) == (0, "7")
    starter = started["starter"]
    assert starter._entrypoint == entrypoint_of(name)
    assert (starter._command, starter._storage, starter._cwd) == (None, None, None)
    assert "LD_PRELOAD" not in starter._env
    hooked = asyncio.run(started["options"]["resolve_flow"](run))
    assert hooked is (deployment_flow("dogs") if name == "dogs" else prediction_flow())
