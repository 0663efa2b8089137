"""The modules that predictions of a competition reach, and the distributions that these import."""

import ast
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flows.offline.inference import module_names
from tasks.core.backends import DEFAULT, DISTRIBUTIONS, backend
from tasks.core.cache.source_code import PACKAGES, all_digests, imported
from tasks.core.competition import method_module_name

ENTRIES = (
    "flows.offline.command",
    "flows.offline.work",
    "tasks.core.execution.child_process",
)
"""Modules that a bundle starts with."""
UNUSED = {"prefect"}
"""Imported by functions that only steps of a flow call (`tasks.core.context.run_id`)."""
KERAS = ("keras", "keras_hub")
"""What only networks need, besides a backend."""
UNDECLARED = {"keras-hub": ("safetensors",)}
"""What distributions import without asking for it."""


def reached_modules(competition: str, methods: Iterable[str]) -> dict[str, Path]:
    """Files of the modules that predictions with recipes of these methods can import, by name."""
    inference = [method_module_name(competition, method, "inference") for method in methods]
    names = [*ENTRIES, *module_names(competition), *inference]
    specifications = {name: find_spec(name) for name in all_digests(names)}
    return {name: Path(found.origin) for name, found in specifications.items() if found and found.origin}


def requirements(modules: Iterable[Path], *, networks: bool) -> dict[str, str]:
    """Installed versions of the distributions that these files import, and of all that those ask for.

    Keras and its backend are among them only if a model is one of their `networks`.
    """
    names = {name.split(".")[0] for file in modules for name in imported(ast.parse(file.read_bytes()))}
    owners = packages_distributions()
    unused = DISTRIBUTIONS.keys() - {DEFAULT, backend()} if networks else {*KERAS, *DISTRIBUTIONS}
    waiting = [owner for name in names - {*PACKAGES, *UNUSED, *unused} for owner in owners.get(name, ())]
    versions = dict[str, str]()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in versions:
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:  # asked for under a condition that holds, but optional after all
            continue
        versions[name] = found.version
        waiting += [*_asked_for(found.requires or ()), *UNDECLARED.get(name, ())]
    return dict(sorted(versions.items()))


def _asked_for(requires: Iterable[str]) -> Iterator[str]:
    """Names of the requirements that hold in this environment, those of extras left out."""
    for text in requires:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def python_version() -> str:
    """Version of this Python, as `3.11`."""
    return ".".join(platform.python_version_tuple()[:2])
