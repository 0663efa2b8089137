"""Find a competition's flow by its name, so that a new competition needs no entry in any list."""

from importlib import import_module
from typing import Any


def find_flow(competition: str) -> Any:
    """The flow `<competition>` of `flow.py` in the competition's folder, or of `flows.<competition>`.

    Imports Prefect, which reads its settings from the environment and sets up its own logging.

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
