"""Bytes that changed under equal size and time: found by reading, removed, and computed again."""

import os
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache import verification
from tasks.core.cache.store import Artifact, Store
from tasks.core.cache.verification import DamagedArtifacts, refuse_damaged, verify
from tasks.core.execution.child_process import ChildKilled
from tasks.core.step import Step, StepOutcome, step
from tasks.core.step_failures import explained_failures

CALLS: list[str] = []


@step(label="write {text}")
def write(text: str, before: Artifact | None = None) -> Artifact:
    """Of what was made before, the first letter alone counts."""
    CALLS.append(text)
    store = Store.current()
    if before is not None:
        text += (before.path / "text").read_text()[0]
    with store.new_folder() as folder:
        (folder / "text").write_text(text)
        return store.keep("text", folder)


@step(label="fail on {text}")
def fail(text: str, before: Artifact) -> Artifact:
    raise ZeroDivisionError(text)


@pytest.fixture(autouse=True)
def store() -> Store:
    CALLS.clear()
    return Store.current()


def run(call: Step, *arguments: Any) -> StepOutcome:
    return call.execute(call.bind(*arguments))


def rot(file: Path) -> None:
    """Change a byte as a failing disk does: nothing but the contents tells."""
    status = file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)
    file.chmod(0o444)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def chain() -> tuple[Artifact, Artifact, Artifact]:
    first = run(write, "one").result
    second = run(write, "two", first).result
    return first, second, run(write, "three", second).result


def test_a_sound_store_is_sound(store: Store) -> None:
    chain()
    found = verify(store, dry_run=False)
    assert (found.artifacts, found.bytes, found.damaged, found.again) == (3, 3 + 4 + 6, [], [])
    assert [run(write, "one").state] == ["cached"]


def test_what_a_disk_altered_is_found_and_computed_again_with_what_read_it(store: Store) -> None:
    first, second, third = chain()
    rot(first.path / "text")
    assert store.is_whole(first)  # by its size and time
    found = verify(store, dry_run=False)
    assert found.damaged == [f"artifacts/{first.name}: text has other contents"]
    assert found.again == ["write two"]
    CALLS.clear()
    assert chain() == (first, second, third)
    assert CALLS == ["one", "two"]  # the third came from the second, which came out the same
    assert verify(store, dry_run=True).damaged == []


def test_a_dry_run_names_and_removes_nothing(store: Store) -> None:
    first, *_ = chain()
    rot(first.path / "text")
    assert verify(store, dry_run=True) == verify(store, dry_run=True)
    assert store.is_whole(first)


def test_lost_files_and_damaged_records_are_found(store: Store) -> None:
    first, second, third = chain()
    (second.path / "text").unlink()
    (store.root / "artifacts" / f"{third.name}.json").write_text("{")
    record = next(each for each in store.records() if each["label"] == "write one")
    (store.root / "steps" / f"{record['key']}.json").write_text("[]")
    found = verify(store, dry_run=False)
    assert {line.partition(":")[0] for line in found.damaged} == {
        f"artifacts/{second.name}",
        f"artifacts/{third.name}",
        f"steps/{record['key']}.json",
    }
    assert chain() == (first, second, third)


def test_nothing_rests_on_what_is_damaged(store: Store) -> None:
    first, second, _ = chain()
    rot(first.path / "text")
    refuse_damaged(store, [second.name], what="submit toy")
    with pytest.raises(DamagedArtifacts, match=f"submit toy: .*\n.*{first.name}: text has other contents"):
        refuse_damaged(store, [second.name, first.name], what="submit toy")
    assert not store.is_whole(first)
    assert run(write, "one").state == "ran"


def test_a_step_that_fails_on_damaged_inputs_says_so(store: Store) -> None:
    first, *_ = chain()
    with pytest.raises(ZeroDivisionError):
        run(fail, "sound", first)
    rot(first.path / "text")
    with pytest.raises(DamagedArtifacts, match="fail on this: expected whole artifacts"):
        run(fail, "this", first)
    assert not store.is_whole(first)


def test_a_step_that_a_signal_ends_on_damaged_inputs_says_so(store: Store) -> None:
    first, *_ = chain()
    rot(first.path / "text")
    with (
        pytest.raises(DamagedArtifacts, match="read on: expected whole artifacts"),
        explained_failures("read on", {"dataset": [first]}, store),
    ):
        raise ChildKilled("a library has crashed on what it read")


def test_an_empty_store_is_sound(store: Store) -> None:
    assert verify(store, dry_run=False) == verification.Verification(0, 0, [], [])


def test_what_was_just_being_written_is_left_alone(store: Store) -> None:
    first, *_ = chain()
    assert verification.remove(store, [first.name]) == []
    assert store.is_whole(first)
