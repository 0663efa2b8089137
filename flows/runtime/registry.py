"""Find a competition's flow by its name, so that a new competition needs no entry in any list."""

from importlib import import_module
from typing import Any


def find_flow(competition: str) -> Any:
    """The flow `<competition>` of the module `flows.<competition>`.

    Imports Prefect, which reads its settings from the environment and sets up its own logging.
    """
    return getattr(import_module(f"flows.{competition}"), competition)
