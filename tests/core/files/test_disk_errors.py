"""Full and read-only disks: one message, in whose words the system or a library reports them."""

import errno
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from tasks.core import locations
from tasks.core.errors import InvalidSettings
from tasks.core.execution import child_process
from tasks.core.files import disk_errors
from tasks.core.files.disk_errors import explained
from tasks.core.step import step

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


def written_to_full(write) -> Exception:
    """The error of writing to a disk without room."""
    try:
        with open("/dev/full", "wb") as file:
            write(file)
    except Exception as error:
        return error
    raise AssertionError("there was room")


@FULL
@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write(bytes(100_000)),
        lambda file: np.zeros(100_000).tofile(file),
        lambda file: np.save(file, np.zeros(100_000)),
        lambda file: np.savez(file, a=np.zeros(100_000)),
    ],
    ids=["Python", "numpy", "numpy.save", "numpy.savez"],
)
def test_a_full_disk_is_explained_whoever_reports_it(write) -> None:
    found = explained(written_to_full(write))
    assert found is not None
    assert "expected room to write, received “no space left on device”" in str(found)
    assert "are whole and stay" in str(found)
    assert "the same command goes on" in str(found)


ERRORS = {
    "h5py": OSError("Can't write data (file write failed: errno = 28, error message = 'No space left on …')"),
    "h5py at the end": RuntimeError("Can't decrement id ref count (unable to extend file, errno = 28)"),
    "SQLite": sqlite3.OperationalError("database or disk is full"),
    "a child": child_process.ChildFailed("train: ended with code 1; last lines:\nOSError: [Errno 28] No …"),
    "a quota": OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    "a limit of the process": OSError(errno.EFBIG, os.strerror(errno.EFBIG)),
    "read-only": OSError(errno.EROFS, os.strerror(errno.EROFS)),
    "no permission": PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
    "SQLite, read-only": sqlite3.OperationalError("attempt to write a readonly database"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_each_is_one_message(name: str) -> None:
    assert explained(ERRORS[name]) is not None


@pytest.mark.parametrize("place", ["store", "submissions", "prefect_home"])
def test_the_folder_and_its_variable_are_named(place: str) -> None:
    folder = getattr(locations, f"{place}_folder" if place != "prefect_home" else place)()
    text = str(explained(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "steps" / "x"))))
    variable = {"store": "PODIUM_STORE", "submissions": "PODIUM_SUBMISSIONS", "prefect_home": "PREFECT_HOME"}
    assert text.startswith(str(folder / "steps" / "x"))
    assert f"name another folder in {variable[place]}" in text


def test_without_a_name_the_folder_is_found_by_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    store = locations.store_folder()
    store.mkdir(parents=True)

    def fill(folder: Path) -> None:
        if folder == store:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(disk_errors, "_try_writing", fill)
    text = str(explained(ERRORS["h5py"]))
    assert text.startswith(f"{store}: expected room")
    assert "`podium clean`" in text


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no space left in the sentence"),
        FileNotFoundError(errno.ENOENT, "none"),
        KeyError("errno"),
        InvalidSettings("errno = 28"),
        KeyboardInterrupt(),
        OSError("errno = 2"),
    ],
    ids=repr,
)
def test_other_errors_stay_what_they_are(error: BaseException) -> None:
    assert explained(error) is None


@pytest.mark.parametrize("number", disk_errors.FAILING)
def test_a_disk_that_fails_is_one_message(number: int) -> None:
    text = str(explained(OSError(number, os.strerror(number), str(locations.store_folder() / "steps"))))
    assert "expected a disk that works" in text
    assert "PODIUM_STORE" in text


@pytest.mark.parametrize("place", ["PODIUM_STORE", "PODIUM_SUBMISSIONS"])
@pytest.mark.parametrize("another", [False, True], ids=["gone", "another one"])
def test_a_folder_that_was_moved_away_is_the_cause(
    place: str, another: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, away = tmp_path / "results", tmp_path / "away"
    folder.mkdir()
    monkeypatch.setenv(place, str(folder))
    disk_errors.note_folders()
    error = FileNotFoundError(errno.ENOENT, "none", str(folder / "steps"))
    assert explained(error) is None
    folder.rename(away)
    if another:
        folder.mkdir()
    text = str(explained(error))
    assert text.startswith(f"{folder}: expected the folder that was there when the command began, received ")
    assert f"name another folder in {place}" in text
    assert explained(KeyboardInterrupt()) is None
    monkeypatch.setenv(place, str(tmp_path / "other"))
    assert explained(error) is None


def test_the_cause_counts() -> None:
    error = ValueError("the model could not be saved")
    error.__context__ = OSError(errno.ENOSPC, "full")
    assert explained(error) is not None


@step(label="write {name}", retries=2)
def full(name: str):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_step_ends_with_the_message_and_is_not_tried_again() -> None:
    with pytest.raises(disk_errors.DiskError, match="expected room to write"):
        full.execute({"name": "a"})
