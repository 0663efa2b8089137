"""Find a competition's workflow by its name, so that a new competition needs no entry in any list."""

from importlib import import_module
from typing import Any


def find_flow(competition: str) -> Any:
    """The workflow `<competition>` of `flow.py` in the competition's folder, or of `flows.<competition>`.

    Its body is `fn`. A flow of Prefect may take its place; then Prefect is imported, which reads its settings
    from the environment and sets up its own logging.

    Raises:
        InvalidSettings: there is no such competition, or its folder lacks something that steps need.
    """
    from tasks.core.competition import find  # here, so that help loads no numpy
    from tasks.core.contract import files
    from tasks.core.contract.folders import folder_of, is_outside

    find(competition)
    if is_outside(competition):
        return getattr(files.imported(competition, folder_of(competition), "flow"), competition)
    return getattr(import_module(f"flows.{competition}"), competition)


def find_prefect_flow(competition: str) -> Any:
    """What `find_flow` finds, as a flow of Prefect, which is imported; raises as it does."""
    found = find_flow(competition)
    return getattr(found, "prefect_flow", found)
