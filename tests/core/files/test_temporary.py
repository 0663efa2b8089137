"""Temporary folders: nothing of a killed process stays, nothing of one at work goes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tasks.core.cache.store import Store, write_atomically
from tasks.core.files import temporary as module
from tasks.core.files.temporary import HIDDEN, hidden_name, sweep, temporary_folder

ROOT = Path(__file__).resolve().parents[3]
WORKS = """
import sys, time
from tasks.core.cache.store import Store, atomic_file
from pathlib import Path
with Store.current().new_folder() as folder, atomic_file(Path(sys.argv[1])) as file:
    (folder / "half").write_text("half")
    file.write(b"half")
    file.flush()
    print("works", flush=True)
    time.sleep(60)
"""


def at_work(file: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKS, str(file)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "works\n"
    return child


def left(store: Store) -> list[Path]:
    return [*(store.root / "temporary").iterdir(), *(store.root / "steps").glob(".*")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_what_a_killed_process_was_writing_is_swept(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    store = Store.current()
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.0)
    child = at_work(store.root / "steps" / "key.json")
    try:
        child.send_signal(signal.SIGSTOP)
        store.sweep()
        assert len(left(store)) == 2  # it may go on
        child.send_signal(signal.SIGCONT)
        store.sweep()
        assert len(left(store)) == 2
    finally:
        child.send_signal(number)
        child.communicate(timeout=20)
    store.sweep()
    assert left(store) == []


def test_a_moment_passes_before_anything_is_taken_for_abandoned(tmp_path: Path) -> None:
    folder = tmp_path / ("0" * 32)
    folder.mkdir()
    assert sweep(tmp_path) == []
    os.utime(folder, (time.time() - 10,) * 2)
    assert sweep(tmp_path) == [folder]


def test_what_was_written_before_the_clock_was_set_back_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / ("0" * 32)
    folder.mkdir()
    os.utime(folder, (time.time() + 86_400,) * 2)
    assert sweep(tmp_path) == [folder]


def test_other_names_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (tmp_path / ("0" * 32)).symlink_to(tmp_path / "elsewhere")
    for name in ("notes", ".hidden", ".name.half"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    assert sweep(tmp_path) + sweep(tmp_path, HIDDEN) == []
    assert (tmp_path / "elsewhere" / "file").exists()


def test_a_temporary_folder_of_the_machine_is_private_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as folder:
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        (folder / "file").touch()
    assert list(folder.parent.iterdir()) == []
    abandoned = folder.parent / ("0" * 32)
    abandoned.mkdir()
    os.utime(abandoned, (0, 0))
    with temporary_folder() as folder:
        assert list(folder.parent.iterdir()) == [folder]


def test_hidden_names_are_swept_and_written_files_are_not(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"whole")
    hidden = hidden_name(tmp_path / "file")
    hidden.write_bytes(b"half")
    os.utime(hidden, (0, 0))
    os.utime(tmp_path / "file", (0, 0))
    assert sweep(tmp_path, HIDDEN) == [hidden]
    assert (tmp_path / "file").read_bytes() == b"whole"
