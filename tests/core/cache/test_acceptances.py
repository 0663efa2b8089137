"""Results of earlier code that a person has accepted: found by an exact change alone, and never silently."""

import json
import logging
from typing import Any

import pytest

from tasks.core.cache import keys
from tasks.core.cache.acceptances import FOLDER, accept, acceptances, find_result, withdraw, write
from tasks.core.cache.keys import Key
from tasks.core.cache.remote_store import Mirror
from tasks.core.cache.store import Artifact, Store
from tasks.core.cache.verification import verify
from tasks.core.files.stored_files import warn_once
from tasks.core.step import StepOutcome, step

CALLS: list[str] = []


@step(label="make {text}")
def make(competition: str, text: str) -> Artifact:
    CALLS.append(text)
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text(f"{text} {len(CALLS)}")
        return store.keep("text", folder)


class Code:
    """The code of the step, which a test changes."""

    def __init__(self) -> None:
        self.digests = {"tasks.make": "a" * 64, "tasks.below": "b" * 64}

    def edit(self, module: str, letter: str) -> None:
        self.digests = {**self.digests, module: letter * 64}


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Code:
    CALLS.clear()
    warn_once.cache_clear()
    current = Code()
    monkeypatch.setattr(keys, "code_digests", lambda *arguments: current.digests)
    monkeypatch.setattr(keys, "imported_libraries", lambda *arguments: ())
    return current


def run(text: str = "one", competition: str = "dogs", name: str | None = None) -> StepOutcome:
    return make.execute(make.bind(competition, text), run=name)


def key(text: str = "one", competition: str = "dogs") -> Key:
    return make.key(make.bind(competition, text), Store.current())


def accept_record(record: dict[str, Any], text: str = "one", note: str = "") -> None:
    write(Store.current(), accept(key(text), record, note=note, functions={}))


def record(text: str = "one") -> dict[str, Any]:
    found = Store.current().record(key(text).digest)
    assert found
    return found


def test_an_edit_computes_anew_and_an_accepted_one_does_not(code: Code) -> None:
    first, before = run(), record()
    code.edit("tasks.make", "c")
    accept_record(before)
    again = run()
    assert (again.result, again.state, again.key) == (first.result, "cached", before["key"])
    assert CALLS == ["one"]
    assert Store.current().record(key().digest) is None  # nothing is written under the new key


def test_a_change_of_the_code_is_accepted_for_all_inputs_and_one_competition(code: Code) -> None:
    for text in ("one", "two"):
        run(text)
    run("one", "nl2sql")
    before = record()
    code.edit("tasks.make", "c")
    accept_record(before)
    assert [run("one").state, run("two").state, run("three").state] == ["cached", "cached", "ran"]
    assert run("one", "nl2sql").state == "ran"


@pytest.mark.parametrize("module", ["tasks.make", "tasks.below"])
def test_when_any_code_changes_again_it_no_longer_applies(code: Code, module: str) -> None:
    run()
    before = record()
    code.edit("tasks.make", "c")
    accept_record(before)
    code.edit(module, "d")
    assert run().state == "ran"


def test_another_version_of_a_library_is_a_change_too(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "imported_libraries", lambda *arguments: ("numpy",))
    run()
    before = record()
    monkeypatch.setattr(keys, "library_version", lambda name: "99.0")
    accept_record(before)
    (accepted,) = run().accepted
    assert accepted.changes == [f"numpy {before['libraries']['numpy']} → 99.0"]


def test_acceptances_follow_one_another_and_end_where_one_is_withdrawn(code: Code) -> None:
    first, before = run(), record()
    code.edit("tasks.make", "c")
    accept_record(before)
    other = run("two")
    code.edit("tasks.make", "d")
    accept_record(Store.current().record(other.key or "") or {}, "two")
    both = run()
    assert (both.result, [each.before["code"]["tasks.make"][0] for each in both.accepted]) == (
        first.result,
        ["c", "a"],
    )
    withdraw(Store.current(), both.accepted[1])
    assert [run("two").state, run("one").state] == ["cached", "ran"]


def test_it_leads_one_way_and_a_circle_ends(code: Code) -> None:
    run()
    before = record()
    code.edit("tasks.make", "c")
    accept_record(before)
    run("two")
    after = record("two")
    code.edit("tasks.make", "a")
    assert run("two").state == "ran"
    accept_record(after, "three")
    assert find_result(Store.current(), key("three")) is None


def test_withdrawn_it_is_as_if_it_had_never_been(code: Code) -> None:
    run()
    before = record()
    code.edit("tasks.make", "c")
    accept_record(before)
    (accepted,) = acceptances(Store.current())
    withdraw(Store.current(), accepted)
    assert acceptances(Store.current()) == []
    assert run().state == "ran"
    accept_record(before)
    assert run().key == key().digest  # its own result goes first


def test_a_result_that_has_left_the_store_is_computed_by_the_new_code(code: Code) -> None:
    outcome, before = run(), record()
    code.edit("tasks.make", "c")
    accept_record(before)
    Store.current().remove(outcome.result)
    assert run().state == "ran"
    assert run().key == key().digest


def test_log_and_journal_say_it(code: Code, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "podium")
    run()
    before = record()
    code.edit("tasks.make", "c")
    accept_record(before, note="a text of the log")
    run(name="later")
    (entry,) = Store.current().journal("later")
    (accepted,) = entry["accepted"]
    assert accepted["changes"] == ["code of tasks.make changed"]
    assert entry["key"] == before["key"]
    assert f"a result of earlier code of step make, accepted by {accepted['by']} on " in caplog.text
    assert caplog.text.rstrip().endswith("code of tasks.make changed (a text of the log)")


def test_a_result_in_the_mirror_is_found_through_it(
    code: Code, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_MIRROR", str(tmp_path / "mirror"))
    first, before = run(), record()
    monkeypatch.setenv("PODIUM_STORE", str(tmp_path / "other"))
    code.edit("tasks.make", "c")
    accept_record(before)
    assert run().result == first.result
    assert CALLS == ["one"]
    mirror = Mirror.current()
    assert mirror
    assert mirror.lookup(key().digest) is None  # others do not get it by the new key


@pytest.mark.parametrize("damage", ["renamed", "no JSON", "another change"])
def test_a_damaged_one_accepts_nothing_and_is_named_and_removed(code: Code, damage: str) -> None:
    run()
    before = record()
    code.edit("tasks.make", "c")
    accept_record(before)
    (file,) = (Store.current().root / FOLDER).iterdir()
    content = json.loads(file.read_text())
    if damage == "renamed":
        file.rename(file.with_name(f"{'0' * 64}.json"))
    elif damage == "no JSON":
        file.write_text("{")
    else:
        file.write_text(json.dumps(content | {"after": content["before"]}))
    assert acceptances(Store.current()) == []
    assert run().state == "ran"
    assert len(verify(Store.current(), dry_run=False).damaged) == 1
    assert list((Store.current().root / FOLDER).iterdir()) == []
