"""The mirror: what one store computed another need not, and no failure of it ends or spoils a run."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.budget.plan import Planner
from tasks.core.cache import remote_store as module
from tasks.core.cache.remote_store import Mirror
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import recorded_by
from tasks.core.errors import UserError
from tasks.core.step import Step, StepOutcome, step

CALLS: list[str] = []


@step(label="write {text}")
def write(text: str, before: Artifact | None = None) -> Artifact:
    CALLS.append(text)
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "below").mkdir()
        (folder / "below" / "text").write_text(text)
        (folder / "empty").touch()
        return store.keep("text", folder)


@pytest.fixture
def mirrored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a mirror."""
    CALLS.clear()
    module._opened.cache_clear()
    monkeypatch.setenv(module.VARIABLE, f"file://{tmp_path / 'mirror'}")
    return tmp_path / "mirror"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Changes to another store, as another machine has one."""

    def change(name: str) -> None:
        monkeypatch.setenv("PODIUM_STORE", str(tmp_path / name))

    return change


def run(call: Step, *arguments: Any) -> StepOutcome:
    return call.execute(call.bind(*arguments))


def current() -> Mirror:
    found = Mirror.current()
    assert found
    return found


def unreachable(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on nothing can be read or written; what was tried."""
    tried: list[str] = []

    def fail(path: str, *arguments: Any, **keywords: Any) -> None:
        tried.append(path)
        raise TimeoutError("no route")

    for name in ("cat_file", "pipe_file", "get_file", "put_file", "find"):
        monkeypatch.setattr(current()._files, name, fail)
    return tried


def test_what_one_store_computed_another_fetches(mirrored: Path, elsewhere: Callable[[str], None]) -> None:
    first = run(write, "a")
    elsewhere("other")
    second = run(write, "a")
    assert (first.state, second.state) == ("ran", "cached")
    assert (first.result, CALLS) == (second.result, ["a"])
    folder = second.result.path
    assert (folder / "below" / "text").read_text() == "a"
    assert (folder / "empty").read_bytes() == b""
    assert (folder / "empty").stat().st_mode & 0o222 == 0
    shutil.rmtree(mirrored)
    assert run(write, "a").state == "cached"  # it is the store's own now


def test_what_follows_a_fetched_result_is_fetched_too(
    mirrored: Path, elsewhere: Callable[[str], None]
) -> None:
    run(write, "b", run(write, "a").result)
    elsewhere("other")
    assert run(write, "b", run(write, "a").result).state == "cached"
    assert CALLS == ["a", "b"]


def test_a_plan_counts_on_the_mirror_and_copies_nothing(
    mirrored: Path, elsewhere: Callable[[str], None]
) -> None:
    run(write, "a")
    elsewhere("other")
    planner = Planner(Store.current())
    with recorded_by(planner):
        write.submit("a")
        write.submit("b")
    assert [(each.label, each.state) for each in planner.steps] == [("write a", "cached"), ("write b", "run")]
    assert not (Store.current().root / "artifacts").exists()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "file altered": lambda folder: (folder / "below" / "text").write_text("b"),
    "file cut off": lambda folder: (folder / "below" / "text").write_text(""),
    "file lost": lambda folder: (folder / "empty").unlink(),
    "folder lost": shutil.rmtree,
    "manifest lost": lambda folder: folder.with_name(f"{folder.name}.json").unlink(),
    "manifest half written": lambda folder: folder.with_name(f"{folder.name}.json").write_text('{"files"'),
    "manifest of another shape": lambda folder: folder.with_name(f"{folder.name}.json").write_text("[1]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_there_is_computed_again_and_mended(
    mirrored: Path, elsewhere: Callable[[str], None], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    artifact = run(write, "a").result
    DAMAGES[damage](mirrored / "artifacts" / artifact.name)
    elsewhere("other")
    assert run(write, "a").state == "ran"
    assert "the result of write a is damaged there" in caplog.text
    elsewhere("third")
    again = run(write, "a")
    assert (again.result, again.state, again.seconds) == (artifact, "cached", run(write, "a").seconds)
    assert CALLS == ["a", "a"]


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "..\\outside", ""])
def test_names_that_lead_out_of_an_artifact_are_refused(
    mirrored: Path, elsewhere: Callable[[str], None], name: str, tmp_path: Path
) -> None:
    manifest = mirrored / "artifacts" / f"{run(write, 'a').result.name}.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"files": {name: {"sha256": "0", "size": 1}}}))
    elsewhere("other")
    assert run(write, "a").state == "ran"
    assert list(tmp_path.rglob("outside")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"key": "another"},
        {"result": {"kind": "../../up", "digest": "0" * 64}},
        {"result": {"kind": "text", "digest": "../" * 20}},
        {"result": "text"},
    ],
    ids=str,
)
def test_a_record_that_makes_no_sense_is_none(
    mirrored: Path, elsewhere: Callable[[str], None], change: dict[str, Any]
) -> None:
    run(write, "a")
    (record,) = (mirrored / "steps").iterdir()
    record.write_text(json.dumps(json.loads(record.read_text()) | change))
    elsewhere("other")
    assert run(write, "a").state == "ran"


def test_a_run_goes_on_without_its_mirror_and_a_later_one_makes_up_for_it(
    mirrored: Path,
    elsewhere: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch:
        tried = unreachable(patch)
        assert [run(write, text).state for text in ("a", "b")] == ["ran", "ran"]
    assert len(tried) == 1  # and is then left alone, for every attempt may take a minute
    assert caplog.text.count("the run goes on without it") == 1
    assert current().upload_pending() == 2
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    current()._retry_at = 0.0
    run(write, "c")
    assert current().upload_pending() == 0
    elsewhere("other")
    assert [run(write, text).state for text in ("a", "b", "c")] == ["cached"] * 3


def test_a_copy_that_broke_off_is_no_hit_and_is_completed(
    mirrored: Path, elsewhere: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def breaks(path: str, data: bytes) -> None:
            raise ConnectionError

        patch.setattr(current()._files, "pipe_file", breaks)  # when files are there and the manifest is due
        run(write, "a")
    assert len(list((mirrored / "artifacts").iterdir())) == 1
    elsewhere("other")
    assert run(write, "a").state == "ran"
    elsewhere("third")
    assert run(write, "a").state == "cached"


def test_what_was_evicted_before_it_was_copied_is_not_pending_any_more(
    mirrored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        unreachable(patch)
        Store.current().remove(run(write, "a").result)
    current()._retry_at = 0.0
    assert current().upload_pending() == 0
    assert not (mirrored / "artifacts").exists()


def test_a_file_that_is_there_is_not_copied_again(
    mirrored: Path, elsewhere: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(write, "a")
    (mirrored / "steps" / next((mirrored / "steps").iterdir()).name).unlink()
    elsewhere("other")
    copied: list[str] = []
    monkeypatch.setattr(current()._files, "put_file", lambda local, remote: copied.append(remote))
    assert run(write, "a").state == "ran"
    assert copied == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nope://bucket", "received 'nope://bucket'"),
        ("http://127.0.0.1:9/podium", "http can only be read"),
        ("zip://nothing.zip", "zip is one file, not a place for many"),
        ("://podium", "it names no kind of storage"),
        ("s3:/bucket", "two slashes follow the kind of storage"),
        ("memory://podium", "memory ends with this process"),
        ("reference://podium", "reference can only be read"),
        ("ftp://127.0.0.1:9/podium", "received 'ftp://127.0.0.1:9/podium'"),
        ("simplecache::http://127.0.0.1:9/podium", "received 'simplecache::http"),
        ("abfs://bucket/podium", "whose package is installed"),
        ("file:///proc/podium", "a place that can be written to, received file:///proc/podium"),
        ("nope://ana:hunter2@bucket", r"received 'nope://ana:\*\*\*@bucket'"),
        ("file:///proc/podium?password=hunter2", r"received file:///proc/podium\?password=\*\*\*"),
    ],
)
def test_a_mirror_that_cannot_be_used_is_one_message_before_anything_runs(
    url: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(module.VARIABLE, url)
    with pytest.raises(UserError, match=f"PODIUM_MIRROR: expected .*{told}") as caught:
        current().check()
    assert "hunter2" not in str(caught.value)


def test_without_the_variable_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(module.VARIABLE, raising=False)
    assert Mirror.current() is None


def test_a_good_mirror_is_checked_without_a_word(mirrored: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        current().check()
    assert caplog.text == ""
