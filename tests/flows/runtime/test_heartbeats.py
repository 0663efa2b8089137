"""A run sends heartbeats while its body goes on; Prefect, by which the end of a flow waits, sends none."""

import threading
import time
from typing import Any

import pytest
from prefect import flow
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, get_current_settings, temporary_settings

from flows.runtime import heartbeats as module
from flows.runtime.heartbeats import EVENT, heartbeats, sent_by_podium
from flows.runtime.prefect_api import request
from flows.runtime.server_loss import run_flow


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """Events that were sent: their name and resource."""
    events = list[tuple[str, dict[str, str]]]()
    monkeypatch.setattr(module, "emit_event", lambda *event: events.append(event))
    return events


def test_they_are_sent_until_the_block_ends(sent) -> None:
    with heartbeats("4711", 0.001):
        while len(sent) < 3:
            time.sleep(0.001)
    count = len(sent)
    time.sleep(0.02)
    assert len(sent) == count
    assert set(map(str, sent)) == {str((EVENT, {"prefect.resource.id": "prefect.flow-run.4711"}))}


def test_one_is_sent_at_once_and_the_end_waits_for_no_other(sent) -> None:
    with heartbeats("4711", 3600):
        pass
    assert len(sent) == 1


@pytest.mark.parametrize(("run", "seconds"), [(None, 30), ("4711", None)])
def test_none_are_sent_of_no_run_or_where_there_are_to_be_none(sent, run, seconds) -> None:
    with heartbeats(run, seconds):
        assert not sent


def test_an_error_in_the_block_ends_them(sent) -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match="in the block"), heartbeats("4711", 0.001):
        raise ValueError("in the block")
    assert threading.active_count() == before


@pytest.mark.parametrize("seconds", [30, None])
def test_prefect_sends_none_within_the_block(seconds) -> None:
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: seconds}):
        with sent_by_podium() as of_podium:
            assert get_current_settings().flows.heartbeat_frequency is None
        assert of_podium == get_current_settings().flows.heartbeat_frequency == seconds


def test_the_server_has_them_of_a_run(prefect_server: str) -> None:
    runs = list[str]()

    @flow
    def short() -> str:
        context = FlowRunContext.get()
        assert context
        assert context.flow_run
        runs.append(str(context.flow_run.id))
        assert get_current_settings().flows.heartbeat_frequency is None
        return "done"

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 30}):
        assert run_flow(short, name="short", url=prefect_server, inform=print).result == "done"
    assert until_known(prefect_server, runs[0]) == 1


def until_known(url: str, run: str) -> int:
    """How many heartbeats of the run the server knows, once it knows any: it records events later."""
    resource = {"id": [f"prefect.flow-run.{run}"]}
    query: dict[str, Any] = {"filter": {"event": {"name": [EVENT]}, "resource": resource}}
    deadline = time.monotonic() + 30
    while not (found := int(request(f"{url}/events/filter", query)["total"])):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found
