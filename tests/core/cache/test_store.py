"""The store: whole or absent, whoever writes at once, however a writer dies, wherever it is moved."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Artifact, Store, write_atomically
from tests.core.processes import finished, python
from tests.core.stored_records import line_of, record_of


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


def recorded(store: Store, name: str = "one") -> tuple[str, Artifact]:
    """The key of a record that was written, and its artifact."""
    artifact = kept(store)
    record = record_of(artifact, name=name)
    store.write_record(record["key"], record)
    return record["key"], artifact


def test_a_key_stands_for_its_artifact(store: Store) -> None:
    assert store.result("0" * 64) is None
    key, artifact = recorded(store)
    assert store.result(key) == artifact


def test_a_moved_store_keeps_its_hits(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, artifact = recorded(store)
    store.root.rename(tmp_path / "moved")
    monkeypatch.setenv("PODIUM_STORE", str(tmp_path / "moved"))
    assert Store.current().result(key) == artifact
    assert (artifact.path / "a.txt").read_text() == "text"


def test_a_copied_store_keeps_its_hits(store: Store, tmp_path: Path) -> None:
    """Also by tools that do not keep times of modification."""
    key, artifact = recorded(store)
    shutil.copytree(store.root, tmp_path / "copy", copy_function=shutil.copyfile)
    assert Store(tmp_path / "copy").result(key) == artifact


@pytest.mark.parametrize(
    "contents", [b"", b"{", b"\xff", b'{"key": "key"}', b"[]", b'{"result": {"kind": 1}}']
)
def test_a_damaged_record_is_a_miss(store: Store, contents: bytes) -> None:
    key, _ = recorded(store)
    (store.root / "steps" / f"{key}.json").write_bytes(contents)
    assert store.result(key) is None


CHANGES: dict[str, dict[str, Any]] = {
    "another input": {"inputs": {"name": "two"}},
    "another type of input": {"inputs": []},
    "an artifact that is none": {"inputs": {"models": [{"artifact": 3}]}},
    "other code": {"code": {}},
    "another version": {"libraries": {"numpy": "1.0"}},
    "another step": {"step": "read"},
    "an artifact elsewhere": {"result": {"kind": "../../etc", "digest": "0" * 64}},
    "half a digest": {"result": {"kind": "text", "digest": "0" * 8}},
    "no artifact": {"result": None},
    "no time": {"seconds": None},
    "a time that is too long": {"seconds": 1e300},
    "a number of 400 digits": {"seconds": 10**400},
    "time before the beginning": {"worked": -1.0},
    "no date": {"finished": "yesterday"},
    "a number for a date": {"finished": 20260101},
    "a list for a name": {"label": ["write"]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_record_that_was_altered_is_a_miss_and_named_once(
    store: Store, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    key, _ = recorded(store)
    altered = {**(store.record(key) or {}), **CHANGES[change]}
    (store.root / "steps" / f"{key}.json").write_text(json.dumps(altered))
    assert [store.record(key), store.record(key), *store.records()] == [None, None]
    (said,) = caplog.messages
    assert f"{key}.json: " in said
    assert said.endswith("; the step is computed again")


def test_a_record_under_the_key_of_another_is_a_miss(store: Store) -> None:
    key, _ = recorded(store)
    other = "f" * 64
    shutil.copy(store.root / "steps" / f"{key}.json", store.root / "steps" / f"{other}.json")
    assert store.record(other) is None
    assert [record["key"] for record in store.records()] == [key]


def test_records_that_are_damaged_are_left_out_of_the_list(store: Store) -> None:
    key, other = recorded(store, "one")[0], recorded(store, "two")[0]
    (store.root / "steps" / f"{key}.json").write_text("{")
    assert [record["key"] for record in store.records()] == [other]


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
    manifests = {name: store.manifest(name) or {} for name in names}
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


@pytest.mark.parametrize("victim", ["seal", "rename", "sync_folder", "write_json"])
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
from tests.core.stored_records import line_of
for number in range(200):
    Store.current().note("run", line_of(sys.argv[1], label=str(number), text="x" * 500))
"""


def test_writers_do_not_mix_their_lines(store: Store) -> None:
    finished(*(python(NOTES, writer) for writer in "ab"))
    entries = store.journal("run")
    for writer in "ab":
        labels = [entry["label"] for entry in entries if entry["step"] == writer]
        assert labels == list(map(str, range(200)))


def test_a_run_without_steps_has_an_empty_journal(store: Store) -> None:
    assert store.journal("never") == []


def test_a_line_cut_off_by_a_power_cut_does_not_cost_the_others(store: Store) -> None:
    store.note("run", line_of("load"))
    with open(store.root / "runs" / "run.jsonl", "ab") as file:
        file.write(b'{"number":')
    assert store.journal("run") == [line_of("load")]


def test_a_label_may_hold_what_unicode_takes_for_line_ends(store: Store) -> None:
    line = line_of("load", label="a\u2028b\x85c")
    store.note("run", line)
    assert store.journal("run") == [line]


# Journals


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b'{"step": "tr',
        b"null\n",
        b"[1]\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"\n\n",
        b"\0\0\0",
        json.dumps(line_of("x", seconds=float("nan"))).encode() + b"\n",
        json.dumps(line_of("x", seconds="long")).encode() + b"\n",
        json.dumps(line_of("x", artifact="../../x")).encode() + b"\n",
        json.dumps({"step": "x"}).encode() + b"\n",
    ],
    ids=[
        "nothing",
        "half a line",
        "null",
        "a list",
        "no text",
        "deep",
        "blank",
        "zeros",
        "NaN",
        "a text",
        "a path",
        "too little",
    ],
)
def test_a_damaged_line_of_a_journal_is_passed_over_and_spoils_no_other(store: Store, damage: bytes) -> None:
    store.note("run", line_of("load"))
    with open(store.root / "runs" / "run.jsonl", "ab") as file:
        file.write(damage)
    store.note("run", line_of("split"))
    store.note("run", line_of("train"))
    assert [entry["step"] for entry in store.journal("run")] == ["load", "split", "train"]


def test_a_line_that_a_full_disk_cuts_is_completed_or_passed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose files may grow to 200 bytes and no further: the kernel writes a part of the line."""
    code = """
import resource, signal
from tasks.core.cache.store import Store
from tests.core.stored_records import line_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
Store.current().note("run", line_of("load"))
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
try:
    Store.current().note("run", line_of("a name that is longer than what is left", label="x" * 200))
except OSError as error:
    print(error.strerror)
"""
    monkeypatch.setenv("PODIUM_STORE", str(store.root))
    assert finished(python(code)) == ["File too large\n"]
    assert (store.root / "runs" / "run.jsonl").stat().st_size == 200
    store.note("run", line_of("split"))
    assert [entry["step"] for entry in store.journal("run")] == ["load", "split"]


def put(place: Path, kind: str) -> None:
    """Something that is no file, in the place of one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder":
        (place / "inside").mkdir(parents=True)
    else:
        place.symlink_to(place if kind == "loop" else place.parent / "nothing")


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "loop"])
def test_what_is_no_file_counts_as_absent_and_makes_way(store: Store, kind: str) -> None:
    artifact = kept(store)
    record = record_of(artifact)
    key = record["key"]
    places = [f"steps/{key}.json", "runs/run.jsonl", f"artifacts/{artifact.name}.json", f"locks/{key}"]
    for place in places:
        put(store.root / place, kind)
    assert (store.record(key), store.journal("run"), list(store.records())) == (None, [], [])
    assert not store.is_whole(artifact)
    assert kept(store) == artifact
    with store.lock(key):
        store.write_record(key, record)
        store.note("run", line_of("load"))
    assert store.result(key) == artifact
    assert store.journal("run") == [line_of("load")]
    assert [path for path in (store.root / "temporary").iterdir()] == []


def test_a_link_to_a_file_in_the_place_of_a_lock_makes_way(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("theirs")
    (store.root / "locks").mkdir(parents=True)
    (store.root / "locks" / "key").symlink_to(tmp_path / "file")
    with store.lock("key"):
        pass
    assert (tmp_path / "file").read_text() == "theirs"
    assert not (store.root / "locks" / "key").is_symlink()


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "loop"])
def test_what_lies_among_checkpoints_and_is_no_file_goes(store: Store, kind: str) -> None:
    for name in ("worked.json", "00000001.npz"):
        put(store.partial("key") / name, kind)
    store.tidy_partial("key")
    assert list(store.partial("key").iterdir()) == []


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "loop"])
def test_no_file_in_an_artifact_is_waited_for(store: Store, kind: str) -> None:
    artifact = kept(store)
    put(artifact.path / "a.txt", kind)
    assert not store.is_whole(artifact)
    assert store.damage(artifact.name).startswith("a.txt ")


def test_an_artifact_whose_manifest_lists_less_is_not_whole(store: Store) -> None:
    artifact = kept(store)
    place = store.root / "artifacts" / f"{artifact.name}.json"
    manifest = json.loads(place.read_text())
    manifest["files"].popitem()
    place.write_text(json.dumps(manifest))
    assert not store.is_whole(artifact)


ENTRIES = {"train.json": f"5 6 7 8 {'a' * 64}", "": f"1 2 3 4 {'b' * 64}"}


def test_fingerprints_are_those_that_were_written() -> None:
    store = Store.current()
    store.write_fingerprints("one", ENTRIES)
    assert store.fingerprints("one") == ENTRIES


def test_a_digit_that_the_disk_has_altered_is_no_digest_of_a_raw_file() -> None:
    store = Store.current()
    store.write_fingerprints("one", ENTRIES)
    path = store.root / "fingerprints/one.json"
    path.write_text(path.read_text().replace("a" * 64, "a" * 63 + "b"))
    assert store.fingerprints("one") == {}


def test_fingerprints_of_an_earlier_version_have_no_checksum_and_count() -> None:
    store = Store.current()
    path = store.root / "fingerprints/one.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(ENTRIES))
    assert store.fingerprints("one") == ENTRIES
