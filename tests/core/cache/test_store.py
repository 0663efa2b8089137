"""The store: whole or absent, whoever writes at once, however a writer dies, wherever it is moved."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core.cache.store import Artifact, Store, read_json, write_atomically
from tests.core.processes import finished, python


@pytest.fixture
def store() -> Store:
    return Store.current()


def kept(store: Store, text: str = "text", kind: str = "text") -> Artifact:
    with store.new_folder() as folder:
        (folder / "below").mkdir()
        (folder / "a.txt").write_text(text)
        (folder / "below" / "b.txt").write_text("b")
        return store.keep(kind, folder)


def test_what_was_kept_can_be_read(store: Store) -> None:
    artifact = kept(store)
    assert store.is_whole(artifact)
    assert (artifact.path / "below" / "b.txt").read_text() == "b"


def test_equal_contents_have_one_name_and_other_contents_another(store: Store) -> None:
    assert kept(store) == kept(store)
    assert kept(store, "other") != kept(store)
    assert kept(store, kind="other").name != kept(store).name


def test_names_of_files_count(store: Store) -> None:
    digests = set()
    for name in ("a", "b", "c/a"):
        with store.new_folder() as folder:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("same")
            digests.add(store.keep("text", folder).digest)
    assert len(digests) == 3


def test_an_artifact_cannot_be_written_to(store: Store) -> None:
    assert (kept(store).path / "a.txt").stat().st_mode & 0o222 == 0


def test_keeping_leaves_nothing_temporary(store: Store) -> None:
    kept(store)
    kept(store)
    assert list((store.root / "temporary").iterdir()) == []


def rewritten(path: Path, contents: bytes) -> None:
    path.unlink()
    path.write_bytes(contents)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "folder deleted": lambda folder: shutil.rmtree(folder),
    "file deleted": lambda folder: (folder / "a.txt").unlink(),
    "file below deleted": lambda folder: (folder / "below" / "b.txt").unlink(),
    "truncated": lambda folder: rewritten(folder / "a.txt", b"te"),
    "emptied": lambda folder: rewritten(folder / "a.txt", b""),
    "altered": lambda folder: rewritten(folder / "a.txt", b"TEXT"),
    "grown": lambda folder: rewritten(folder / "a.txt", b"text and more"),
    "a folder in place of a file": lambda folder: ((folder / "a.txt").unlink(), (folder / "a.txt").mkdir()),
    "manifest deleted": lambda folder: folder.with_name(f"{folder.name}.json").unlink(),
    "manifest cut off": lambda folder: folder.with_name(f"{folder.name}.json").write_text('{"files":'),
    "manifest of another": lambda folder: folder.with_name(f"{folder.name}.json").write_text(
        json.dumps({"digest": "0", "files": {}})
    ),
    "manifest of another shape": lambda folder: folder.with_name(f"{folder.name}.json").write_text("[]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_artifact_is_not_whole_and_is_made_whole_by_keeping_it_again(
    store: Store, damage: str
) -> None:
    artifact = kept(store)
    DAMAGES[damage](artifact.path)
    assert not store.is_whole(artifact)
    assert kept(store) == artifact
    assert store.is_whole(artifact)
    assert (artifact.path / "a.txt").read_text() == "text"
    assert list((store.root / "temporary").iterdir()) == []


def test_a_file_that_was_only_touched_is_whole(store: Store) -> None:
    artifact = kept(store)
    os.utime(artifact.path / "a.txt", (1, 1))
    assert store.is_whole(artifact)


def test_a_removed_artifact_is_gone(store: Store) -> None:
    artifact = kept(store)
    store.remove(artifact)
    assert not store.is_whole(artifact)
    assert [path for path in (store.root / "artifacts").iterdir() if artifact.name in path.name] == []


# Records


def recorded(store: Store, key: str = "key") -> Artifact:
    artifact = kept(store)
    store.write_record(key, {"key": key, "result": artifact.model_dump()})
    return artifact


def test_a_key_stands_for_its_artifact(store: Store) -> None:
    assert store.result("key") is None
    artifact = recorded(store)
    assert store.result("key") == artifact


def test_a_moved_store_keeps_its_hits(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = recorded(store)
    store.root.rename(tmp_path / "moved")
    monkeypatch.setenv("PODIUM_STORE", str(tmp_path / "moved"))
    assert Store.current().result("key") == artifact
    assert (artifact.path / "a.txt").read_text() == "text"


def test_a_copied_store_keeps_its_hits(store: Store, tmp_path: Path) -> None:
    """Also by tools that do not keep times of modification."""
    artifact = recorded(store)
    shutil.copytree(store.root, tmp_path / "copy", copy_function=shutil.copyfile)
    assert Store(tmp_path / "copy").result("key") == artifact


@pytest.mark.parametrize(
    "contents", [b"", b"{", b"\xff", b'{"key": "key"}', b"[]", b'{"result": {"kind": 1}}']
)
def test_a_damaged_record_is_a_miss(store: Store, contents: bytes) -> None:
    recorded(store)
    (store.root / "steps" / "key.json").write_bytes(contents)
    assert store.result("key") is None


def test_records_that_are_damaged_are_left_out_of_the_list(store: Store) -> None:
    recorded(store, "one")
    recorded(store, "two")
    (store.root / "steps" / "one.json").write_text("{")
    assert [record["key"] for record in store.records()] == ["two"]


# Several processes

KEEPS = """
import sys
from tasks.core.cache.store import Store
store = Store.current()
sys.stdin.readline()
for number in range(20):
    with store.new_folder() as folder:
        (folder / "a.txt").write_text(f"text {number}" * 1000)
        print(store.keep("text", folder).name)
"""


def test_processes_that_keep_equal_artifacts_at_once_agree(store: Store) -> None:
    told = finished(*(python(KEEPS) for _ in range(4)))
    assert len(set(told)) == 1
    names = told[0].split()
    assert len(set(names)) == 20
    manifests = {name: read_json(store.root / "artifacts" / f"{name}.json") or {} for name in names}
    kept = [Artifact(kind="text", digest=manifest["digest"]) for manifest in manifests.values()]
    assert all(map(store.is_whole, kept))


DIES = """
import os, signal, sys
from tasks.core.cache import store as module
store, victim, count = module.Store.current(), sys.argv[1], 0
def dying(original):
    def call(*arguments, **keywords):
        os.kill(os.getpid(), signal.SIGKILL)
    return call
owner = os if victim == "rename" else module
setattr(owner, victim, dying(getattr(owner, victim)))
with store.new_folder() as folder:
    (folder / "below").mkdir()
    (folder / "a.txt").write_text("text")
    (folder / "below" / "b.txt").write_text("b")
    store.keep("text", folder)
"""


@pytest.mark.parametrize("victim", ["_seal", "rename", "sync_folder", "write_json"])
def test_a_writer_killed_at_any_point_leaves_nothing_that_looks_whole(store: Store, victim: str) -> None:
    process = python(DIES, victim)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert list((store.root).glob("artifacts/*.json")) == []
    artifact = kept(store)
    assert store.is_whole(artifact)
    assert (artifact.path / "a.txt").read_text() == "text"


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    write_atomically(file, b"old")
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, b"new and longer")
    assert file.read_bytes() == b"old"


LOCKS = """
import sys
from tasks.core.cache.store import Store
with Store.current().lock("key"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_free_as_soon_as_its_holder_is_killed(store: Store) -> None:
    holder = python(LOCKS)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    lock = store.lock("key")
    with pytest.raises(TimeoutError):
        lock.acquire(timeout=0.05)
    holder.kill()
    holder.communicate(timeout=10)
    with lock.acquire(timeout=1):
        pass


# The journal of a run

NOTES = """
import sys
from tasks.core.cache.store import Store
for number in range(200):
    Store.current().note("run", {"writer": sys.argv[1], "number": number, "text": "x" * 500})
"""


def test_writers_do_not_mix_their_lines(store: Store) -> None:
    finished(*(python(NOTES, writer) for writer in "ab"))
    entries = store.journal("run")
    for writer in "ab":
        assert [entry["number"] for entry in entries if entry["writer"] == writer] == list(range(200))


def test_a_run_without_steps_has_an_empty_journal(store: Store) -> None:
    assert store.journal("never") == []


def test_a_line_cut_off_by_a_power_cut_does_not_cost_the_others(store: Store) -> None:
    store.note("run", {"number": 1})
    with open(store.root / "runs" / "run.jsonl", "ab") as file:
        file.write(b'{"number":')
    assert store.journal("run") == [{"number": 1}]


def test_a_label_may_hold_what_unicode_takes_for_line_ends(store: Store) -> None:
    store.note("run", {"label": "a\u2028b\x85c"})
    assert store.journal("run") == [{"label": "a\u2028b\x85c"}]


# Journals


@pytest.mark.parametrize(
    "damage",
    [b"", b'{"step": "tr', b"null\n", b"[1]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"\n\n", b"\0\0\0"],
    ids=["nothing", "half a line", "null", "a list", "no text", "deep", "blank", "zeros"],
)
def test_a_damaged_line_of_a_journal_is_passed_over_and_spoils_no_other(store: Store, damage: bytes) -> None:
    store.note("run", {"step": "load"})
    with open(store.root / "runs" / "run.jsonl", "ab") as file:
        file.write(damage)
    store.note("run", {"step": "split"})
    store.note("run", {"step": "train"})
    assert [entry["step"] for entry in store.journal("run")] == ["load", "split", "train"]


def test_a_line_that_a_full_disk_cuts_is_completed_or_passed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose files may grow to 40 bytes and no further: the kernel writes a part of the line."""
    code = """
import resource, signal
from tasks.core.cache.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
Store.current().note("run", {"step": "load"})
resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
try:
    Store.current().note("run", {"step": "a name that is much longer than what is left"})
except OSError as error:
    print(error.strerror)
"""
    monkeypatch.setenv("PODIUM_STORE", str(store.root))
    assert finished(python(code)) == ["File too large\n"]
    assert (store.root / "runs" / "run.jsonl").stat().st_size == 40
    store.note("run", {"step": "split"})
    assert [entry["step"] for entry in store.journal("run")] == ["load", "split"]


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "loop"])
def test_what_is_no_file_counts_as_absent(store: Store, kind: str) -> None:
    for place in (store.root / "steps" / "key.json", store.root / "runs" / "run.jsonl"):
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind == "fifo":
            os.mkfifo(place)
        elif kind == "folder":
            place.mkdir()
        else:
            place.symlink_to(place if kind == "loop" else place.parent / "nothing")
    assert store.record("key") is None
    assert store.journal("run") == []
