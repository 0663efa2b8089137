"""Who waits says for what, and who holds it."""

import logging
import threading
from contextlib import AbstractContextManager

from flows.runtime import local_server
from tasks.core.cache.store import Store
from tasks.core.execution import slots, waiting
from tasks.core.execution.cancellation import acquire_or_cancel
from tasks.core.execution.slots import slot
from tests.core.processes import slots_of_processor
from tests.flows.situations.rehearsal import acting, load, rehearsed
from tests.flows.situations.situation import Here, Situation, unset

RUN = "podium run dogs --set data.root=DATA"


def held(here: Here, something: AbstractContextManager[object]) -> None:
    """Another thread holds something until a step has said that it waits."""
    here.monkeypatch.setattr(waiting, "NOTICE_SECONDS", 0.0)
    is_held, told = threading.Event(), threading.Event()

    def hold() -> None:
        with something:
            is_held.set()
            told.wait(60)

    def watch(record: logging.LogRecord) -> bool:
        if record.getMessage().startswith("waits"):
            told.set()
        return True

    here.monkeypatch.setattr(logging.getLogger("podium"), "filters", [watch])
    threading.Thread(target=hold, daemon=True).start()
    assert is_held.wait(20)


def held_slot(here: Here) -> None:
    """The only slot is taken when the first step needs it."""
    slots_of_processor(here.monkeypatch, 1)

    def take() -> None:
        with slot():
            pass

    acting("load dogs", take)(here)
    held(here, slot())
    here.monkeypatch.setattr(slots, "_held", set[str]())  # as if another process held it


def held_step(here: Here) -> None:
    """Another run computes the first step."""
    key = load.key(load.bind("dogs"), Store.current())
    lock = Store.current().lock(key.digest)
    held(here, acquire_or_cancel(lock, lambda: None, label="load dogs"))


def held_server(here: Here) -> None:
    """Another command starts the server, and has ended soon."""
    here.monkeypatch.setattr(local_server, "NOTICE_SECONDS", 0.01)
    is_held = threading.Event()

    def hold() -> None:
        with local_server._state_lock(print):
            is_held.set()
            threading.Event().wait(0.2)

    threading.Thread(target=hold, daemon=True).start()
    assert is_held.wait(20)


SITUATIONS = [
    Situation(
        "All slots of the machine are taken",
        RUN,
        0,
        ("load dogs | waits for a core: 1 of 1 are held by pid PID, cpu-0, since ", "load dogs | completed"),
        (rehearsed, held_slot),
        on_server=True,
    ),
    Situation(
        "Another run computes the same step",
        RUN,
        0,
        ("load dogs | waits for load dogs, which another run computes: pid PID, since ",),
        (rehearsed, held_step),
        on_server=True,
    ),
    Situation(
        "Another command starts the server",
        "podium ui --stop",
        0,
        (
            "podium: waits for another command, which starts the Prefect server or ends it",
            "podium: no local Prefect server is running",
        ),
        (unset("PREFECT_API_URL"), held_server),
    ),
]
