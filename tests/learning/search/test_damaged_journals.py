"""The journal of a study that was damaged: the study goes on from what is whole, and nothing is lost."""

import os
from pathlib import Path

import pytest

from tasks.core.cache.store import Store
from tests.learning.studies import begin, carried_out, study, told


def journal() -> Path:
    (found,) = (Store.current().root / "studies").glob("*/*.journal")
    return found


def kept() -> list[Path]:
    return list(journal().parent.glob("*.damaged-*"))


@pytest.mark.parametrize(
    "damage", [b"{\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"null\n", b'{"op_code": "x"}\n', b"\0\0\n"]
)
def test_a_damaged_line_costs_what_follows_and_no_more(
    damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = told(carried_out(6))
    lines = journal().read_bytes().splitlines(keepends=True)
    place = len(lines) // 2
    damaged = b"".join([*lines[:place], damage, *lines[place:]])
    journal().write_bytes(damaged)
    assert told(carried_out(6)) == before  # suggestions depend on the seed and on what came before
    assert [file.read_bytes() for file in kept()] == [damaged]
    assert f"line {place + 1} of {len(lines) + 1} is damaged; the study goes on" in caplog.text


@pytest.mark.parametrize("content", [b"", b'{"op_code": 4}\n', b'{"op_code": 99, "worker_id": "x"}\n'])
def test_what_optuna_cannot_follow_begins_anew(content: bytes) -> None:
    before = told(carried_out(3))
    journal().write_bytes(content)
    assert told(carried_out(3)) == before


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_never_waited_for(kind: str) -> None:
    before = told(carried_out(2))
    place, lock = journal(), journal().with_name(f"{journal().name}.lock")
    for each in (place, lock):
        each.unlink()
        os.mkfifo(each) if kind == "pipe" else each.mkdir()
    assert told(carried_out(2)) == before
    assert len(kept()) == 1


def test_links_in_the_places_of_locks_are_replaced_and_lead_to_no_change(tmp_path: Path) -> None:
    before = told(carried_out(2))
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    locks = [*journal().parent.glob("*.lock"), journal().with_name("host-0123.owner")]
    assert len(locks) == 3  # of the study, of its journal, of the owner of trials
    for each in locks:
        each.unlink(missing_ok=True)
        each.symlink_to(theirs)
    assert told(carried_out(3))[:2] == before
    assert not any(each.is_symlink() for each in journal().parent.iterdir())
    assert theirs.read_text() == "theirs"


@pytest.mark.parametrize("target", ["theirs", "nowhere", "host-0123.owner"])
def test_a_trial_whose_owner_is_a_link_is_begun_again(tmp_path: Path, target: str) -> None:
    (tmp_path / "theirs").write_text("theirs")
    own = study("a")
    begun = begin(own, "host-0123")
    assert begun is not None
    owner = journal().with_name("host-0123.owner")
    owner.symlink_to(owner if target == owner.name else tmp_path / target)
    with own.register_owner() as another:
        again = begin(own, another)
    assert again == begun
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_half_a_line_that_a_full_disk_has_left_is_removed_before_the_next() -> None:
    carried_out(2)
    with journal().open("ab") as file:
        file.write(b'{"op_code": 5, "wor')
    assert len(carried_out(3)) == 3
    assert kept() == []


def test_processes_that_have_ended_leave_no_files() -> None:
    carried_out(3)
    carried_out(4)
    assert len(list(journal().parent.glob("*.owner"))) <= 1
