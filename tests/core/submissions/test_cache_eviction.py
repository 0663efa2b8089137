"""What may go from the store, and what stays whatever its age."""

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.files.disk_errors import explained
from tasks.core.submissions.cache_eviction import CleaningReport, clean
from tests.core.stored_records import line_of, record_of

ROOT = Path(__file__).resolve().parents[3]
MONTH = timedelta(days=30)


@pytest.fixture
def store() -> Store:
    return Store.current()


def aged(path: Path, days: float) -> None:
    then = time.time() - days * 86400
    for each in (path, *path.rglob("*")):
        os.utime(each, (then, then))


def artifact(store: Store, text: str) -> Artifact:
    with store.new_folder() as folder:
        (folder / "text").write_text(text)
        return store.keep("text", folder)


def step(store: Store, name: str, *, days: float, text: str | None = None) -> Artifact:
    """An artifact that a step of this name made so many days ago."""
    result = artifact(store, text or name)
    record = record_of(result, step=name, days=days)
    store.write_record(record["key"], record)
    return result


def key_of(store: Store, name: str) -> str:
    """The key of this step; empty without a record."""
    return next((record["key"] for record in store.records() if record["step"] == name), "")


def submission(root: Path, name: str, score: Any, *artifacts: Artifact, competition: str = "dogs") -> None:
    folder = root / competition / name
    folder.mkdir(parents=True)
    steps: list[dict[str, Any]] = [{"key": each.digest, "artifact": each.name} for each in artifacts]
    steps.append({"key": None, "artifact": None})
    provenance = {"file": "answers.txt", "score": score, "steps": steps}
    (folder / "provenance.json").write_text(json.dumps(provenance))


def cleaned(store: Store, root: Path, **changes: Any) -> CleaningReport:
    options: dict[str, Any] = {"older_than": MONTH, "keep_best": 1, "dry_run": False}
    return clean(store, submissions=root, **(options | changes))


def everything(store: Store) -> dict[str, bytes]:
    files = (path for path in store.root.rglob("*") if path.is_file() and path.parent.name != "locks")
    return {str(path): path.read_bytes() for path in files}


def test_old_artifacts_go_with_their_records_and_young_ones_stay(store: Store, tmp_path: Path) -> None:
    old, young = step(store, "old", days=40), step(store, "young", days=20)
    size = sum(path.stat().st_size for path in store.root.glob(f"**/*{old.name}*/*"))
    report = cleaned(store, tmp_path / "none")
    assert report.removed == [f"artifacts/{old.name}"]
    assert report.kept == 1
    assert report.freed_bytes > size
    assert key_of(store, "old") == ""
    assert not list(store.root.glob(f"artifacts/{old.name}*"))
    assert store.result(key_of(store, "young")) == young


def test_the_newest_of_several_records_of_one_artifact_counts(store: Store, tmp_path: Path) -> None:
    step(store, "first", days=40, text="same")
    step(store, "second", days=2, text="same")
    assert cleaned(store, tmp_path).removed == []
    step(store, "second", days=35, text="same")
    assert len(cleaned(store, tmp_path).removed) == 1
    assert list(store.records()) == []


def test_an_artifact_that_a_late_run_had_in_hand_stays(store: Store, tmp_path: Path) -> None:
    old = step(store, "old", days=40)
    store.note("run", line_of("old", artifact=old.name))
    assert cleaned(store, tmp_path).removed == []
    aged(store.root / "runs", 31)
    assert cleaned(store, tmp_path).removed == [f"artifacts/{old.name}", "runs/run.jsonl"]


def accuracy(value: float) -> dict[str, Any]:
    return {"name": "accuracy", "value": value, "higher_is_better": True}


def loss(value: float) -> dict[str, Any]:
    return {"name": "loss", "value": value, "higher_is_better": False}


@pytest.mark.parametrize(
    ("keep_best", "score", "survivors"),
    [
        (0, accuracy, {"newest"}),
        (1, accuracy, {"newest", "high"}),
        (2, accuracy, {"newest", "high", "middle"}),
        (1, loss, {"newest", "low"}),
        (9, accuracy, {"newest", "high", "middle", "low"}),
    ],
)
def test_what_the_newest_and_the_best_submissions_rest_on_stays(
    store: Store, tmp_path: Path, keep_best: int, score: Any, survivors: set[str]
) -> None:
    root = tmp_path / "submissions"
    for place, (name, value) in enumerate([("low", 0.1), ("high", 0.9), ("middle", 0.5)], 1):
        submission(root, f"2026010{place}-{name}", score(value), step(store, name, days=40))
    submission(root, "20260109-newest", None, step(store, "newest", days=40))
    cleaned(store, root, keep_best=keep_best)
    assert {record["step"] for record in store.records()} == survivors


def test_each_competition_keeps_its_own(store: Store, tmp_path: Path) -> None:
    submission(tmp_path, "20260101-a", accuracy(0.1), step(store, "dogs", days=40))
    submission(tmp_path, "20260102-b", accuracy(0.9), step(store, "cats", days=40), competition="cats")
    assert cleaned(store, tmp_path, keep_best=0).removed == []


def cut(text: bytes) -> bytes:
    return text[:-20]


def as_utf_16(text: bytes) -> bytes:
    return text.decode().encode("utf-16")


def with_a_text_for_a_number(text: bytes) -> bytes:
    return text.replace(b"0.5", b'"0.5"')


@pytest.mark.parametrize("damage", [cut, as_utf_16, with_a_text_for_a_number])
def test_artifacts_that_a_damaged_provenance_still_names_stay(
    store: Store, tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    named, other = step(store, "named", days=40), step(store, "other", days=40)
    submission(tmp_path / "submissions", "one", accuracy(0.5), named)
    provenance = tmp_path / "submissions" / "dogs" / "one" / "provenance.json"
    provenance.write_bytes(damage(provenance.read_bytes()))
    assert cleaned(store, tmp_path / "submissions").removed == [f"artifacts/{other.name}"]
    assert store.is_whole(named)
    assert "this submission is passed over" in caplog.text


@pytest.mark.parametrize("kind", ["pipe", "folder", "nothing"])
def test_a_provenance_of_which_nothing_can_be_read_stops_no_cleaning(
    store: Store, tmp_path: Path, kind: str
) -> None:
    old = step(store, "old", days=40)
    submission(tmp_path / "submissions", "one", accuracy(0.5))
    provenance = tmp_path / "submissions" / "dogs" / "one" / "provenance.json"
    provenance.unlink()
    if kind == "pipe":
        os.mkfifo(provenance)
    elif kind == "folder":
        provenance.mkdir()
    else:
        provenance.touch()
    assert cleaned(store, tmp_path / "submissions").removed == [f"artifacts/{old.name}"]


def test_what_cannot_be_removed_is_not_counted(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step(store, "old", days=40)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OSError, match="Read-only") as caught:
        cleaned(store, tmp_path)
    found = explained(caught.value)
    assert found
    assert str(found).startswith(str(store.root / "steps"))
    assert "PODIUM_STORE" in str(found)


def leftovers(store: Store, days: float) -> set[str]:
    """One of each kind, so many days old; their names."""
    orphan = artifact(store, "orphan")
    store.partial("abandoned").mkdir(parents=True)
    (store.partial("abandoned") / "checkpoint").write_text("weights")
    (store.root / "temporary" / "folder").mkdir(parents=True)
    (store.root / "steps").mkdir(exist_ok=True)
    (store.root / "steps" / ".key.json.half").write_text("{")
    store.note("run", line_of("load"))
    with store.lock("unused"):
        pass
    aged(store.root, days)
    names = {f"artifacts/{orphan.name}", "partial/abandoned", "runs/run.jsonl", "locks/unused"}
    return names | {"temporary/folder", "steps/.key.json.half", f"locks/artifact-{orphan.name}"}


def test_leftovers_go_when_they_are_old(store: Store, tmp_path: Path) -> None:
    names = leftovers(store, 31)
    assert set(cleaned(store, tmp_path).removed) == names
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_young_leftovers_stay(store: Store, tmp_path: Path) -> None:
    leftovers(store, 29)
    assert set(cleaned(store, tmp_path).removed) == {"temporary/folder", "steps/.key.json.half"}


def test_what_has_no_record_yet_stays_a_day_whatever_was_asked(store: Store, tmp_path: Path) -> None:
    just_kept = artifact(store, "its record comes next")
    with store.new_folder() as folder:
        assert cleaned(store, tmp_path, older_than=timedelta(0)).kept == 1
        assert folder.exists()
    assert store.is_whole(just_kept)


def test_a_dry_run_tells_the_same_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    step(store, "old", days=40)
    leftovers(store, 40)
    before = everything(store)
    told = cleaned(store, tmp_path, dry_run=True)
    assert everything(store) == before
    assert cleaned(store, tmp_path) == told


def test_a_store_that_does_not_exist_is_clean(store: Store, tmp_path: Path) -> None:
    assert cleaned(store, tmp_path) == CleaningReport([], 0, 0)
    assert not store.root.exists()


HOLDS = """
import sys
from tasks.core.cache.store import Store
with Store.current().lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def computing(store: Store):
    """Another process that computes a step, a long time already; its key."""
    step(store, "busy", days=40)
    key = key_of(store, "busy")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, key], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"held\n"
        yield key
        child.communicate(timeout=10)


def test_what_a_step_at_work_holds_stays(store: Store, tmp_path: Path, computing: str) -> None:
    store.partial(computing).mkdir(parents=True)
    aged(store.root, 40)
    assert not {f"partial/{computing}", f"locks/{computing}"} & set(cleaned(store, tmp_path).removed)
    assert store.result(computing)


@pytest.mark.usefixtures("computing")
def test_while_a_step_is_at_work_nothing_of_the_last_day_goes(store: Store, tmp_path: Path) -> None:
    recent, older = step(store, "recent", days=0.5), step(store, "older", days=1.5)
    assert cleaned(store, tmp_path, older_than=timedelta(0)).removed == [f"artifacts/{older.name}"]
    assert store.is_whole(recent)
