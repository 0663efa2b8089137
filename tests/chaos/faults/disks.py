"""Disks: full, at their quota of files, read-only, and gone; small ones in memory, mounted for the trial."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.chaos.command import Command
from tests.chaos.faults.fault import RUNS, Fault
from tests.chaos.subjects import copy_tree
from tests.chaos.trial import Missed, Trial

PLACES = ("store", "store", "store", "submissions", "tmp", "slots")
LARGE = "size=4g,nr_inodes=1m"
REMOUNT_SECONDS = 3.0


def cannot_mount() -> str:
    """Why no disk can be mounted here."""
    return "" if os.geteuid() == 0 and shutil.which("mount") else "only root mounts disks"


def full(trial: Trial) -> None:
    place, free = trial.random.choice(PLACES), int(trial.random.choice((0, 4, 40, 200, 1000)) * 1024)
    disk = _mounted(trial, place)
    used = _used(disk) if place == "store" else 0
    _remount(disk, f"size={used + free + 4096}")
    trial.note(f"{place} has {free:,} bytes of room")
    _run_and_make_room(trial, disk)


def quota(trial: Trial) -> None:
    """Of files: a disk refuses the next one while there is room."""
    place, free = trial.random.choice(PLACES), trial.random.choice((0, 1, 3, 6, 12, 25))
    disk = _mounted(trial, place)
    used = sum(1 for _ in disk.rglob("*")) + 1
    _remount(disk, f"nr_inodes={used + free}")
    trial.note(f"{place} takes {free} more files")
    _run_and_make_room(trial, disk)


def _run_and_make_room(trial: Trial, disk: Path) -> None:
    trial.finish(trial.start())
    if trial.random.random() < 0.3:
        trial.finish(trial.start())  # again, with the disk as full as before
    _remount(disk, LARGE)


def read_only(trial: Trial) -> None:
    disk = _mounted(trial, trial.random.choice(PLACES))
    command: Command | None = None
    if trial.random.random() < 0.5:
        command = trial.start()
        trial.moment(command)
    _become_read_only(disk)
    trial.note(f"{disk.name} is read-only")
    trial.finish(command or trial.start())
    _remount(disk, "rw")


def _become_read_only(disk: Path) -> None:
    """Remount at a moment when no file is open for writing."""
    deadline = time.monotonic() + REMOUNT_SECONDS
    while subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise Missed("files were open for writing all the time")
        time.sleep(0.01)


def vanished(trial: Trial) -> None:
    """The store is moved away while the command runs, and comes back, or is deleted for good."""
    command, store, away = trial.start(), trial.folder / "store", trial.folder / "away"
    trial.moment(command)
    store.rename(away)
    comes_back = trial.random.random() < 0.75
    trial.note(f"the store is gone and {'comes back' if comes_back else 'does not come back'}")
    trial.finish(command)
    if comes_back:
        shutil.rmtree(store, ignore_errors=True)
        away.rename(store)
    else:
        shutil.rmtree(away)
        trial.attempts_alike = False


def _mounted(trial: Trial, place: str) -> Path:
    """A disk of its own at a folder of the trial, with what was there."""
    disk, kept = trial.folder / place, trial.folder / f"{place}-below"
    disk.rename(kept)
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", LARGE, "podium-chaos", disk], check=True)
    trial.cleanups.callback(lambda: subprocess.run(["umount", "-l", disk], capture_output=True))
    copy_tree(kept, disk)
    shutil.rmtree(kept)
    return disk


def _remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True, capture_output=True)


def _used(disk: Path) -> int:
    state = os.statvfs(disk)
    return (state.f_blocks - state.f_bfree) * state.f_frsize


FAULTS = (
    Fault("disk full", full, reason_against=cannot_mount),
    Fault("quota of files", quota, reason_against=cannot_mount),
    Fault("read-only disk", read_only, reason_against=cannot_mount),
    Fault("store vanishes", vanished, RUNS),
)
