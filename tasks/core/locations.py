"""Paths of the store, submissions, Prefect's home and presets.

In a checkout (a `pyproject.toml` beside the packages) all are in it; an installed Podium uses the current
directory. Environment variables take precedence.
"""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def expand(path: str | Path) -> Path:
    """Replace `~` and environment variables; a relative path starts at the current directory."""
    return Path(os.path.expandvars(path)).expanduser().absolute()


def display_path(path: Path) -> str:
    """The path as a user would type it in the current directory."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def root() -> Path:
    """The checkout, or the current directory when Podium is installed elsewhere."""
    return CHECKOUT if (CHECKOUT / "pyproject.toml").is_file() else Path.cwd()


def store_folder() -> Path:
    """Folder of cached artifacts: `$PODIUM_STORE`, else `.podium/store`."""
    return _chosen("PODIUM_STORE", ".podium/store")


def submissions_folder() -> Path:
    """Folder of submissions with their provenance: `$PODIUM_SUBMISSIONS`, else `submissions`."""
    return _chosen("PODIUM_SUBMISSIONS", "submissions")


def prefect_home() -> Path:
    """Prefect's database, profiles and server log: `$PREFECT_HOME`, else `.podium/prefect`."""
    return _chosen("PREFECT_HOME", ".podium/prefect")


def presets_folder() -> Path:
    """Folder with `<competition>/<preset>.toml`."""
    return root() / "conf"


def data_folder(competition: str) -> Path | None:
    """`$PODIUM_DATA/<competition>`, or None when the variable is not set."""
    parent = os.environ.get("PODIUM_DATA")
    return expand(parent) / competition if parent else None


def _chosen(variable: str, default: str) -> Path:
    value = os.environ.get(variable)
    return expand(value) if value else root() / default
