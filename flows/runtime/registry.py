"""A competition's flow by its name, so that a new competition needs no line anywhere else."""

from importlib import import_module
from typing import Any


def flow_of(competition: str) -> Any:
    """Its flow; with it Prefect is imported, which reads the environment and sets up logs of its own."""
    return getattr(import_module(f"flows.{competition}"), competition)
