"""Check that another machine computes the same results: code, libraries and environment variables.

A step's key is made where the flow runs, from the code and libraries there. The result of a worker with other
code would be stored under a wrong key.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

from tasks.core.backends import DEFAULT, DISTRIBUTIONS, VARIABLE, backend
from tasks.core.cache.keys import installed_version
from tasks.core.cache.source_code import DECIDING, all_digests
from tasks.core.contract.folders import search_path

VARIABLES = (
    "CUBLAS_WORKSPACE_CONFIG",
    "KERAS_BACKEND",
    "KERAS_TORCH_DEVICE",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "XLA_FLAGS",
)
"""Variables that can change a number. Dask and Ray set counts of threads for their workers, on which the
order of a sum depends, and children would inherit them."""
MACHINE_VARIABLES = ("PODIUM_SLOTS", "PODIUM_SLOT_FOLDER", "PODIUM_MIRROR", "PODIUM_STUDIES")
"""Variables that each machine sets for itself, and addresses, maybe with passwords, that no child asks."""
MAX_DIFFERENCES = 5
"""Differences that a message lists."""


def identity(
    function: str, competition: str, *, now: bool = False, computing: str | None = None
) -> dict[str, str]:
    """Digests of modules and versions of libraries that decide a child's result, by name.

    Args:
        function: the child's entry point, `module:function`, which calls functions of the competition.
        now: digest the code as it is on the disk now; else as this process first read it.
        computing: Keras's backend; None: that of this process.
    """
    entry, contract = function.split(":")[0], f"tasks.{competition}.competition"
    modules = (entry, contract, *_method_modules(competition), "tasks.core.cluster.worker")
    packages = DISTRIBUTIONS.get(computing or backend(), ())
    libraries = {name: installed_version(name) for name in sorted({*DECIDING.values(), *packages})}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {**all_digests(modules, now=now), **libraries, "Python": python}


def _method_modules(competition: str) -> list[str]:
    """Modules in the folders of the competition's methods, which `method_module` imports by name."""
    files = (file for place in search_path() for file in (place / competition).glob("*/training.py"))
    folders = [file.parent for file in files]
    return sorted(
        f"tasks.{competition}.{folder.name}.{file.stem}"
        for folder in folders
        for file in folder.glob("[!_]*.py")
    )


def difference(expected: Mapping[str, str], received: Mapping[str, str]) -> str:
    """The entries that are not equal, as text for a message; empty when all are."""
    names = sorted(expected.keys() | received.keys())
    differences = [
        _as_text(name, expected.get(name, "absent"), received.get(name, "absent"))
        for name in names
        if expected.get(name) != received.get(name)
    ]
    more = [f"and {len(differences) - MAX_DIFFERENCES} more"] if len(differences) > MAX_DIFFERENCES else []
    return ", ".join([*differences[:MAX_DIFFERENCES], *more])


def refusal(order: Mapping[str, Any], where: str) -> str:
    """Why this machine must not carry out the order; empty when it may."""
    core = ("tasks.core.cluster.worker",)
    if changed := difference(all_digests(core, now=True), all_digests(core)):
        return f"the worker on {where} was started before its code changed ({changed}); start it again"
    computing = order["environment"].get(VARIABLE) or DEFAULT
    ours = identity(order["function"], order["competition"], now=True, computing=computing)
    if differing := difference(order["identity"], ours):
        return (
            f"the worker on {where} must have the flow's code and libraries, but they differ in {differing}; "
            "bring both to one commit and one constraints.txt"
        )
    return ""


def environment() -> dict[str, str]:
    """Variables of this process that a child on another machine must have."""
    names = {name for name in os.environ if name.startswith("PODIUM_")} - set(MACHINE_VARIABLES)
    return {name: os.environ[name] for name in sorted({*names, *VARIABLES}) if name in os.environ}


def replacing_ours(theirs: Mapping[str, str]) -> dict[str, str | None]:
    """Their variables, and None (unset) for each of ours that they do not have."""
    return {**dict.fromkeys(environment()), **theirs}


def _as_text(name: str, expected: str, received: str) -> str:
    """The module's name, or the library's name and versions."""
    is_code = name.startswith(("tasks.", "flows.", "tests."))
    return name if is_code else f"{name} {expected} there {received}"
