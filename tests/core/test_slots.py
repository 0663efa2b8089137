"""Slots: one holder each across processes, freed by death, never asked for by a hit."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tasks.core import slots
from tasks.core.slots import graphics_cards, slot, slot_names
from tests.core.processes import finished, python, slots_of_processor, until


@pytest.fixture(autouse=True)
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    slots_of_processor(monkeypatch, 2)


def test_the_number_of_processor_slots_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slot_names() == ["cpu-0", "cpu-1"]
    monkeypatch.setenv("PODIUM_SLOTS", "0")
    assert slot_names() == ["cpu-0"]
    monkeypatch.delenv("PODIUM_SLOTS")
    assert len(slot_names()) == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("visible", "names"),
    [("0,1", ["gpu-0", "gpu-1"]), ("3", ["gpu-3"]), ("-1", ["cpu-0", "cpu-1"]), ("", ["cpu-0", "cpu-1"])],
)
def test_cards_are_those_this_process_may_use(
    visible: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    graphics_cards.cache_clear()
    assert slot_names() == names


def test_a_machine_without_the_tool_has_no_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setenv("PATH", str(tmp_path))
    graphics_cards.cache_clear()
    assert graphics_cards() == ()


def test_each_holder_is_confined_to_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    graphics_cards.cache_clear()
    with slot() as first, slot() as second:
        assert {first["CUDA_VISIBLE_DEVICES"], second["CUDA_VISIBLE_DEVICES"]} == {"4", "7"}


def test_without_cards_a_child_must_not_look_for_one() -> None:
    with slot() as environment:
        assert environment == {"CUDA_VISIBLE_DEVICES": "-1"}


def test_a_slot_is_free_again_after_a_failure() -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), slot():
            raise ZeroDivisionError


def test_who_finds_none_free_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    entered = threading.Event()

    def wait() -> None:
        with slot():
            entered.set()

    with slot():
        thread = threading.Thread(target=wait)
        thread.start()
        assert not entered.wait(3 * slots.POLL_SECONDS)
    assert entered.wait(10)
    thread.join()


# Whoever holds a slot leaves a mark meanwhile, and counts all marks.
HOLDS = """
import os, random, sys, time
from pathlib import Path
from tasks.core.slots import slot
mark = Path(sys.argv[1]) / str(os.getpid())
for _ in range(15):
    with slot():
        mark.touch()
        print(len(list(mark.parent.iterdir())))
        time.sleep(random.random() / 100)
        mark.unlink()
"""


def test_never_more_holders_than_slots_across_processes(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    told = finished(*(python(HOLDS, tmp_path / "marks") for _ in range(4)))
    counts = [int(line) for output in told for line in output.split()]
    assert len(counts) == 60
    assert max(counts) <= 2


DIES = """
import sys
from tasks.core.slots import slot
with slot():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_slot_of_a_killed_process_is_free_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    holder = python(DIES)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    entered = threading.Event()

    def wait() -> None:
        with slot():
            entered.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not entered.wait(0.3)
    holder.send_signal(signal.SIGKILL)
    began = time.monotonic()
    assert entered.wait(10)
    assert time.monotonic() - began < 2
    holder.communicate(timeout=10)
    until(lambda: not thread.is_alive())
