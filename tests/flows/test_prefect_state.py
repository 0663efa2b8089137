"""What is cached reaches the next step at once, under the state that Prefect shows."""

from typing import Any

import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step

pytestmark = pytest.mark.server


@step(label="link {number}")
def link(number: int, before: Artifact | None) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "chain").write_text(f"{before.name if before else 'begin'} {number}")
        return store.keep("link", folder)


def chain() -> list[tuple[str, Any]]:
    """Two steps, the second on the first one's result; name of each state, and its result."""
    from prefect import flow

    @flow
    def both() -> list[tuple[str, Any]]:
        first = link.submit(1, None)
        second = link.submit(2, first)
        second.wait()
        return [(future.state.name, future.result()) for future in (first, second)]

    found: list[tuple[str, Any]] = both()
    return found


def test_a_cached_result_needs_no_event_loop(prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.client.schemas import objects

    ran = chain()

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("an event loop was asked for a result")

    monkeypatch.setattr(objects.State, "result", refuse)
    cached = chain()
    assert [name for name, _ in ran] == ["Completed", "Completed"]
    assert [name for name, _ in cached] == ["Cached", "Cached"]
    assert [result for _, result in cached] == [result for _, result in ran]


def test_the_name_that_the_state_overrides_is_still_prefects() -> None:
    from prefect.client.schemas.objects import State
    from prefect.results import ResultRecord

    from tasks.core.prefect_state import InMemoryState

    assert set(vars(InMemoryState)) & set(vars(State)) >= {"result"}
    assert "data" in State.model_fields
    assert "result" in ResultRecord.model_fields


def test_a_state_gives_what_it_holds_with_a_record_around_it_or_not() -> None:
    from prefect.results import ResultRecord, ResultRecordMetadata
    from prefect.serializers import PickleSerializer
    from prefect.states import Completed

    from tasks.core.prefect_state import InMemoryState

    metadata = ResultRecordMetadata(serializer=PickleSerializer(), storage_key="key")
    for data in (3, ResultRecord(result=3, metadata=metadata)):
        assert Completed(InMemoryState, data=data).result(raise_on_failure=False) == 3
