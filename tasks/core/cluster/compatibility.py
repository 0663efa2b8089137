"""Whether another machine would compute what this one would: code, libraries, and what the environment says.

A step's key is made where the flow runs, and names the code and libraries there. A child elsewhere that had
others would be kept under a wrong name.
"""

import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tasks.core.cache.code import DECIDING, reached

VARIABLES = (
    "KERAS_BACKEND",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
"""What can change a number. Dask and Ray give their workers counts of threads, on which the order of a sum
depends, and children would inherit them."""
OWN = ("PODIUM_SLOTS", "PODIUM_SLOT_FOLDER")
"""What each machine says for itself."""
SHOWN = 5


def identity(function: str, competition: str, *, now: bool = False) -> dict[str, str]:
    """What the result of `module:function` rests on beside its job, by name.

    Args:
        function: entry of a child.
        competition: whose functions it calls.
        now: the code as it is on the disk, as a new process would read it; else as this one first did.
    """
    modules = (function.split(":")[0], f"tasks.{competition}.competition", "tasks.core.cluster.worker")
    libraries = {name: _version(name) for name in sorted(set(DECIDING.values()))}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {**reached(modules, now=now), **libraries, "Python": python}


def difference(expected: Mapping[str, str], received: Mapping[str, str]) -> str:
    """What is not equal, in words for a person; empty when all is."""
    names = sorted(expected.keys() | received.keys())
    found = [
        _told(name, expected.get(name, "absent"), received.get(name, "absent"))
        for name in names
        if expected.get(name) != received.get(name)
    ]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return ", ".join([*found[:SHOWN], *more])


def refusal(order: Mapping[str, Any], where: str) -> str:
    """Why this machine must not carry an order out; empty when it may."""
    core = ("tasks.core.cluster.worker",)
    if changed := difference(reached(core, now=True), reached(core)):
        return f"the worker on {where} was started before its code changed ({changed}); start it again"
    own = identity(order["function"], order["competition"], now=True)
    if told := difference(order["identity"], own):
        return (
            f"the worker on {where} must have the flow's code and libraries, but they differ in {told}; "
            "bring both to one commit and one constraints.txt"
        )
    return ""


def environment() -> dict[str, str]:
    """Variables of this process that a child elsewhere must be given."""
    wanted = {name for name in os.environ if name.startswith("PODIUM_")} - set(OWN)
    return {name: os.environ[name] for name in sorted({*wanted, *VARIABLES}) if name in os.environ}


def in_place_of_ours(theirs: Mapping[str, str]) -> dict[str, str | None]:
    """Their variables, and None for each of ours that they do not have."""
    return {**dict.fromkeys(environment()), **theirs}


def _told(name: str, expected: str, received: str) -> str:
    """Digests say nothing to a person, versions do."""
    is_code = name.startswith(("tasks.", "flows.", "tests."))
    return name if is_code else f"{name} {expected} there {received}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
