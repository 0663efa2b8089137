"""A mirror (`PODIUM_MIRROR`) that refuses, is slow, or returns other bytes."""

import shutil
from pathlib import Path

from tests.chaos.faults.fault import RUNS, Fault
from tests.chaos.trial import Trial

PROTOCOL = "chaos"
ENTRY_POINTS = f"[fsspec.specs]\n{PROTOCOL} = tests.chaos.faults.mirror_files:ChaosFiles\n"


def _act(trial: Trial, behaviour: str) -> None:
    """All results are at the mirror; from a moment on, it behaves so."""
    mirror, state = trial.folder / "mirror", trial.folder / "mirror-behaviour"
    for name in ("artifacts", "steps"):
        shutil.copytree(trial.reference / "store" / name, mirror / name)
    _register(trial.folder / "plugins")
    state.write_text("")
    trial.variables = {
        "PODIUM_MIRROR": f"{PROTOCOL}://{mirror}",
        "PODIUM_CHAOS_MIRROR": str(state),
        "PYTHONPATH": str(trial.folder / "plugins"),
    }
    if trial.random.random() < 0.3:
        state.write_text(behaviour)  # from the beginning: `check` may refuse to start
    command = trial.start()
    if not state.read_text():
        trial.moment(command, among=("lock", "journal", "artifact begins", "record", "time"), seconds=8.0)
        state.write_text(behaviour)
    trial.note(f"the mirror: {behaviour}")
    trial.finish(command)
    if trial.random.random() < 0.5:
        state.write_text("")  # it is well again; what is owed is uploaded
    else:
        trial.variables = {}


def _register(folder: Path) -> None:
    """Installed metadata, by which fsspec finds the file system in the command's process."""
    metadata = folder / "podium_chaos-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: podium-chaos\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)


FAULTS = (
    Fault("mirror refuses", lambda trial: _act(trial, "refuse"), RUNS, share=1),
    Fault("mirror is slow", lambda trial: _act(trial, "slow"), RUNS, share=1),
    Fault("mirror returns other bytes", lambda trial: _act(trial, "other bytes"), RUNS),
)
