"""Files of the store that are truncated, bit-flipped, deleted or swapped, at rest or while a command runs."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from psutil import Process

from tests.chaos.command import kill_all
from tests.chaos.faults.fault import Fault
from tests.chaos.trial import Missed, Trial

FILES: Mapping[str, str] = {
    "artifact": "artifacts/*/**/*",
    "manifest": "artifacts/*.json",
    "record": "steps/*.json",
    "checkpoint": "partial/*/*.npz",
    "lock": "locks/*",
    "fingerprints": "fingerprints/*.json",
}


def truncated(path: Path, others: list[Path], trial: Trial) -> None:
    os.truncate(path, trial.random.randrange(max(path.stat().st_size, 1)))


def flipped(path: Path, others: list[Path], trial: Trial) -> None:
    content = bytearray(path.read_bytes())
    if not content:
        raise Missed("the file is empty")
    content[trial.random.randrange(len(content))] ^= 1 << trial.random.randrange(8)
    _write_in_place(path, bytes(content))


def deleted(path: Path, others: list[Path], trial: Trial) -> None:
    path.unlink()


def swapped(path: Path, others: list[Path], trial: Trial) -> None:
    other = trial.random.choice([each for each in others if each != path] or [path])
    one, two = path.read_bytes(), other.read_bytes()
    _write_in_place(path, two)
    _write_in_place(other, one)
    _note_damaged(trial, other)


def _write_in_place(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()


Harm = Callable[[Path, list[Path], Trial], None]


def _act(kind: str, harm: Harm) -> Callable[[Trial], None]:
    def act(trial: Trial) -> None:
        running = kind == "checkpoint" or trial.random.random() < 0.4
        if not running:
            _damage(trial, kind, harm)
            trial.finish(trial.start())
            return
        command = trial.start()
        trial.moment(command, among=("checkpoint",) if kind == "checkpoint" else ())
        if kind == "checkpoint":  # at work they are written anew at once
            kill_all([Process(command.pid), *command.below()])
            trial.finish(command)
            trial.lost_checkpoints = 1
        _damage(trial, kind, harm)
        if command.runs():
            trial.finish(command)

    return act


def _damage(trial: Trial, kind: str, harm: Harm) -> None:
    """Damage a file of this kind; half of the time its times stay, as on a failing disk."""
    files = sorted(path for path in (trial.folder / "store").glob(FILES[kind]) if path.is_file())
    if not files:
        raise Missed(f"there was no file of kind {kind}")
    path = trial.random.choice(files[-1:] if kind == "checkpoint" else files)
    keeps_times = trial.random.random() < 0.5
    try:
        state = path.stat()
        harm(path, files, trial)
        if keeps_times and path.exists():
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    except FileNotFoundError:
        raise Missed("the file was deleted at this moment") from None
    _note_damaged(trial, path)
    times = ", its times as before" if keeps_times else ""
    trial.note(f"{harm.__name__}: {path.relative_to(trial.folder)}{times}")


def _note_damaged(trial: Trial, path: Path) -> None:
    parts = path.relative_to(trial.folder / "store").parts
    trial.damaged.add(parts[1].removesuffix(".json"))


FAULTS = tuple(
    Fault(f"{kind} {harm.__name__}", _act(kind, harm), needs_child=kind == "checkpoint", share=1)
    for kind in FILES
    for harm in (truncated, flipped, deleted, swapped)
)
