"""Limits of memory that are met: addresses of a child process, and a control group, whose processes the
kernel kills."""

import os
import resource
import uuid
from contextlib import suppress
from pathlib import Path

from tests.chaos.faults.fault import Fault
from tests.chaos.trial import Missed, Trial

GROUPS = Path("/sys/fs/cgroup/memory")
MEGABYTE = 1 << 20


def addresses(trial: Trial) -> None:
    """Of a child process, which may map hardly more than it has."""
    command = trial.start()
    trial.moment(command, among=("child", "slot", "checkpoint"))
    children = command.children()
    if not children:
        raise Missed("there was no child process")
    child, spare = trial.random.choice(children), trial.random.choice((1, 8, 64, 300)) * MEGABYTE
    with suppress(ProcessLookupError):
        limit = child.memory_info().vms + spare
        resource.prlimit(child.pid, resource.RLIMIT_AS, (limit, limit))
    trial.note(f"a child may map {spare // MEGABYTE} MB more")
    trial.finish(command)


def no_groups() -> str:
    """Why no control group can be made here."""
    usable = os.geteuid() == 0 and (GROUPS / "memory.limit_in_bytes").exists()
    return "" if usable else "there are no control groups of memory that root may make"


def control_group(trial: Trial) -> None:
    """The kernel kills a process of the group, as it does when memory runs out."""
    group = GROUPS / f"podium-chaos-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    trial.cleanups.callback(_remove, group)
    megabytes = trial.random.choice((250, 350, 450, 600))
    command = trial.start()
    (group / "cgroup.procs").write_text(str(command.pid))
    (group / "memory.limit_in_bytes").write_text(str(megabytes * MEGABYTE))
    trial.note(f"the command may have {megabytes} MB")
    trial.finish(command)


def _remove(group: Path) -> None:
    with suppress(OSError):
        group.rmdir()


FAULTS = (
    Fault("limit of addresses", addresses, needs_child=True),
    Fault("control group of memory", control_group, reason_against=no_groups),
)
