"""Slots: one holder each across processes, freed by death, never asked for by a hit."""

import os
import signal
import threading
import time
from pathlib import Path
from subprocess import Popen

import pytest

from tasks.core.context import Running, assigned, at_work
from tasks.core.errors import UserError
from tasks.core.execution import slots
from tasks.core.execution import waiting as waits
from tasks.core.execution.slots import graphics_cards, slot, slot_names
from tests.core.processes import finished, python, slots_of_processor, until


@pytest.fixture(autouse=True)
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    slots_of_processor(monkeypatch, 2)


def test_the_number_of_processor_slots_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    assert slot_names() == ["cpu-0"]
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


def test_work_on_cores_goes_on_beside_that_on_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
    graphics_cards.cache_clear()
    with slot() as card, slot(need="core") as core, slot(need="core") as other:
        assert card == {"CUDA_VISIBLE_DEVICES": "4", "PODIUM_CARDS": "1"}
        assert core == other == {"CUDA_VISIBLE_DEVICES": "-1"}


def test_cores_that_feed_cards_are_no_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    graphics_cards.cache_clear()
    monkeypatch.delenv("PODIUM_SLOTS")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)))
    assert slot_names() == ["gpu-0", "gpu-1"]
    assert slot_names("core") == [f"cpu-{index}" for index in range(14)]
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    assert slot_names("core") == ["cpu-0"]


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


def test_who_waits_long_for_the_slots_of_other_runs_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    monkeypatch.setattr(waits, "NOTICE_SECONDS", 0.0)
    caplog.set_level("INFO", logger="podium")

    def wait() -> None:
        checks = iter([False, False, True])

        def give_up() -> None:
            if next(checks):
                raise LookupError

        with pytest.raises(LookupError), slot(give_up):
            pass

    with assigned(at_work, Running("train small fold 0", "key", Path())), slot():
        wait()
        assert caplog.messages == []  # a run that waits for its own trainings need not say so
        monkeypatch.setattr(slots, "_held", set())
        wait()
    assert caplog.messages == [
        f"waits for a core: 1 of 1 are held by pid {os.getpid()}, train small fold 0, since 0 s"
    ]


# Whoever holds a slot leaves a mark meanwhile, and counts all marks.
HOLDS = """
import os, random, sys, time
from pathlib import Path
from tasks.core.execution.slots import slot
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
from tasks.core.execution.slots import slot
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


WAITS = """
import sys
from tasks.core.execution.slots import slot
print("waits", flush=True)
with slot():
    print(sys.argv[1], flush=True)
    sys.stdin.read()
"""


def waiting(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, count: int) -> Popen[str]:
    """A process that waits for one of so many slots, says its name when it has one, and keeps it."""
    before = tickets(tmp_path)
    monkeypatch.setenv("PODIUM_SLOTS", str(count))
    process = python(WAITS, name)
    assert process.stdout
    assert process.stdout.readline() == "waits\n"
    until(lambda: tickets(tmp_path) - before)
    return process


def tickets(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "podium_slot_folder" / "waiting").glob("*")}


def holder_of(process: Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_processes_are_served_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    with slot():
        line = [waiting(name, tmp_path, monkeypatch, count=1) for name in "abcd"]
    for name, process in zip("abcd", line, strict=True):
        assert holder_of(process) == name
        process.communicate("", timeout=20)
    assert tickets(tmp_path) == set()


def test_who_may_use_fewer_slots_is_not_overtaken_for_them_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with slot(), slot():
        few = waiting("few", tmp_path, monkeypatch, count=1)
        many = waiting("many", tmp_path, monkeypatch, count=2)
    assert (holder_of(few), holder_of(many)) == ("few", "many")
    for process in (few, many):
        process.communicate("", timeout=20)


def test_who_waits_and_is_killed_or_stopped_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    with slot():
        killed, stopped, last = (waiting(name, tmp_path, monkeypatch, count=1) for name in "abc")
        killed.kill()
        stopped.send_signal(signal.SIGSTOP)
        until(lambda: len(tickets(tmp_path)) == 3)
    assert holder_of(last) == "c"
    last.communicate("", timeout=20)
    stopped.send_signal(signal.SIGCONT)
    assert holder_of(stopped) == "b"
    stopped.communicate("", timeout=20)
    killed.communicate(timeout=20)


def test_a_ticket_of_another_time_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "DELETE_SECONDS", 0.0)
    folder = tmp_path / "podium_slot_folder" / "waiting"
    folder.mkdir(parents=True)
    (folder / "00000000000000000001-1-0").write_text("cpu-0 cpu-1")
    with slot():
        assert tickets(tmp_path) == set()


@pytest.mark.parametrize("chosen", ["many", "1e9", "-1", "0", "1.5", "1025", "9" * 5000, "٣", "2 2"])
def test_a_number_of_slots_that_is_none_is_one_message(chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SLOTS", chosen)
    with pytest.raises(UserError, match=r"^PODIUM_SLOTS: expected a whole number from 1 to 1,024, received"):
        slots.slot_names("core")


def test_tickets_are_never_read_or_deleted_through_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "slots").mkdir()
    (tmp_path / "slots" / "waiting").symlink_to(tmp_path / "mine")
    monkeypatch.setenv("PODIUM_SLOT_FOLDER", str(tmp_path / "slots"))
    with pytest.raises(UserError, match="expected a folder of tickets, received a link"):
        slots._folder()


def test_only_tickets_are_deleted(tmp_path: Path) -> None:
    waiting = tmp_path / "waiting"
    waiting.mkdir()
    names = ["notes.txt", "00000000000000000001-1-0", "00000000000000000001-1-0.txt", "1-1-1"]
    for name in names:
        (waiting / name).write_text("cpu-0")
        os.utime(waiting / name, (0, 0))
    slots.Ticket(waiting, ["cpu-0"]).available()
    assert {path.name for path in waiting.iterdir()} & set(names) == set(names) - {names[1]}


def test_the_ticket_of_a_process_that_was_killed_is_deleted_by_the_next(tmp_path: Path) -> None:
    dead = Popen(["true"])
    dead.wait()
    old = time.time() - slots.STALE_SECONDS - 1
    tickets = {pid: tmp_path / f"{time.time_ns():020d}-{pid}-0" for pid in (dead.pid, os.getppid())}
    for ticket in tickets.values():
        ticket.write_text("cpu-0")
        os.utime(ticket, (old, old))
    assert slots.Ticket(tmp_path, ["cpu-0"]).available() == ["cpu-0"]
    assert not tickets[dead.pid].exists()
    assert tickets[os.getppid()].exists()  # it was stopped, and may go on


def test_the_next_command_deletes_what_killed_ones_have_left(tmp_path: Path) -> None:
    folder = tmp_path / "podium_slot_folder"
    (folder / "waiting").mkdir(parents=True)
    dead = Popen(["true"])
    dead.wait()
    tickets = [folder / "waiting" / f"{'0' * 20}-{pid}-0" for pid in (dead.pid, os.getppid())]
    for path in (*tickets, folder / "cpu-1.holder.json"):
        path.write_text("{}")
        os.utime(path, (time.time() - slots.STALE_SECONDS - 1,) * 2)
    with slot():
        slots.check_folder()
        assert (folder / "cpu-0.holder.json").exists()
    assert not (folder / "cpu-1.holder.json").exists()
    assert [path.exists() for path in tickets] == [False, True]


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_lies_in_the_place_of_a_slots_files_is_never_waited_for(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(slots.FOLDER, str(tmp_path))
    (tmp_path / slots.WAITING).mkdir()
    ticket = f"{0:020d}-{os.getppid()}-0"
    for name in ("cpu-0.lock", "cpu-0.holder.json", f"{slots.WAITING}/{ticket}"):
        os.mkfifo(tmp_path / name) if kind == "pipe" else (tmp_path / name).mkdir()
    with slot():
        assert "cpu-0" in slots._waiting_text(["cpu-0"])
