"""A private folder: nobody else can make it first, enter it, or lead it elsewhere by a link."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from tasks.core import private_folder as module
from tasks.core.errors import UserError
from tasks.core.private_folder import private_folder


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def made(name: str = "podium-x") -> Path:
    return private_folder(name, variable="VARIABLE")


def test_it_is_made_once_for_this_user_alone(parent: Path) -> None:
    folder = made()
    assert folder == made() == parent / f"podium-x-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mask", [0, 0o22, 0o77])
def test_the_umask_does_not_count(mask: int) -> None:
    before = os.umask(mask)
    try:
        assert stat.S_IMODE(made().stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_one_that_others_could_enter_is_closed(parent: Path) -> None:
    folder = parent / f"podium-x-{os.getuid()}"
    folder.mkdir(mode=0o755)
    assert made() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def _link(place: Path, elsewhere: Path) -> None:
    elsewhere.mkdir()
    place.symlink_to(elsewhere)


def _dangling(place: Path, elsewhere: Path) -> None:
    place.symlink_to(elsewhere)


def _file(place: Path, elsewhere: Path) -> None:
    place.write_text("")


def _pipe(place: Path, elsewhere: Path) -> None:
    os.mkfifo(place)


@pytest.mark.parametrize("taken", [_link, _dangling, _file, _pipe])
def test_a_name_that_is_taken_is_passed_over(parent: Path, taken: object) -> None:
    taken(parent / f"podium-x-{os.getuid()}", parent / "elsewhere")  # type: ignore[operator]
    assert made() == made() == parent / f"podium-x-{os.getuid()}-1"
    assert not (parent / "elsewhere").exists() or not any((parent / "elsewhere").iterdir())


def test_a_folder_of_another_user_is_passed_over(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.getuid()
    (parent / f"podium-x-{user + 1}").mkdir()  # of this user, which is another one from now on
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    monkeypatch.setattr(module, "MOST_TAKEN", 3)
    with pytest.raises(UserError, match=r"^VARIABLE: expected a folder, for there is none of 4 names"):
        made()
