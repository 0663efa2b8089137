"""The manifest of a bundle: what it predicts with, and the digest of each of its files.

A bundle is a zip archive, or the folder that it was unpacked to:

    predict.py                      predicts; `python predict.py INPUT OUTPUT [--time-limit 30m]`
    manifest.json                   this manifest
    requirements.txt                the distributions that it was made with
    code/                           the modules that predictions reach
    common/                         vocabularies, classes and what else comes from training records
    blend.json                      weights and decision, chosen on out-of-fold scores
    members/<name>/member.json      how the outputs of the member's models become scores
    members/<name>/<number>/        weights of a model, and what it needs of its training records
    files/                          pretrained weights that the settings name
    wheels/                         the distributions themselves, if asked for
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

FORMAT = 1
"""Raised when the meaning of a bundle's files changes."""
PLACE = "$BUNDLE"
"""Stands for the bundle's folder in paths of settings."""


class Part(BaseModel):
    """Base of the manifest's tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MemberEntry(Part):
    """A member with a weight."""

    name: str
    weight: float
    """Its share of the blend."""
    recipe: dict[str, Any]
    """Its settings as JSON."""
    models: tuple[str, ...]
    """Folders of its models."""
    seconds: float | None = None
    """What predicting the run's test records took on the machine that trained it, all models together."""


class FileEntry(Part):
    """What a file must be."""

    sha256: str
    size: int


class Manifest(Part):
    """What a bundle holds."""

    format: int
    competition: str
    submission: str
    """The submission that it predicts as."""
    created: str
    """When that submission was made."""
    file: str
    """Name of the file that is uploaded."""
    score: dict[str, Any]
    """Out-of-fold score of the submission."""
    seed: int
    data: dict[str, Any]
    """Settings of the raw files as JSON; their folder is INPUT."""
    members: tuple[MemberEntry, ...]
    precision: str
    """`float32`, or `float16` for weights that were rounded to it."""
    rounding: dict[str, Any] | None
    """What rounding the weights changed out of fold: scores and difference; None without rounding."""
    python: str
    """Version that it was made with, as `3.11`."""
    machine: str
    """Kind of processor, as `x86_64`."""
    backend: str
    """Of Keras."""
    requirements: dict[str, str]
    """Versions of all distributions by name."""
    code: dict[str, str]
    """SHA-256 of each module, without comments and docstrings, as provenance holds it."""
    git: dict[str, Any]
    files: dict[str, FileEntry]
    """All files but this one, by their names in the bundle."""


def read(folder: Path) -> Manifest:
    """The manifest of an unpacked bundle, whose files `predict.py` has verified."""
    return Manifest.model_validate_json((folder / "manifest.json").read_bytes())


def with_paths(settings: Any, folder: Path) -> Any:
    """Settings as JSON with the bundle's folder in place of `PLACE`."""
    if isinstance(settings, dict):
        return {name: with_paths(value, folder) for name, value in settings.items()}
    if isinstance(settings, list):
        return [with_paths(value, folder) for value in settings]
    return settings.replace(PLACE, str(folder)) if isinstance(settings, str) else settings
