"""The file `provenance.json` of a submission: how it is read, and what it must contain.

Submissions of earlier versions and of team mates are read too, so that all keys but `file` may be missing,
and others may be there. What is there has the types that readers rely on.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, FiniteFloat

from tasks.core.cache.file_kinds import ARTIFACT, StoredArtifact
from tasks.core.errors import InvalidSubmission
from tasks.core.files.stored_files import Damaged, FileKind, Loose, file_bytes
from tasks.core.locations import display_path

NAME = "provenance.json"
MOST_BYTES = 100_000_000
"""A provenance takes tens of kilobytes, with the steps of a large preset hundreds."""


def _file_name(name: str) -> str:
    if not name or Path(name).name != name or "\0" in name:
        raise ValueError("expected the name of a file in the submission's folder")
    return name


class _Score(Loose):
    name: str
    value: FiniteFloat
    standard_error: FiniteFloat | None = None


class _Gain(Loose):
    value: FiniteFloat
    standard_error: FiniteFloat
    over: str


class _Nested(Loose):
    score: _Score
    gain: _Gain | None = None


class _Member(Loose):
    score: _Score | FiniteFloat | None = None
    weight: FiniteFloat


class _Step(Loose):
    step: str | None = None
    label: str = ""
    key: str | None = None
    state: str | None = None
    artifact: str | None = None


class _Accepted(Loose):
    """A result of earlier code that a person has accepted (`tasks.core.cache.acceptances`)."""

    id: str
    step: str
    by: str
    when: str
    note: str
    changes: list[str]
    results: list[str]


class _Git(Loose):
    commit: str | None = None
    dirty: bool = False


class _Ingredient(Loose):
    score: _Score
    chosen: bool


class _Soup(Loose):
    ingredients: dict[str, _Ingredient]


class _EnsembleMember(Loose):
    member: StoredArtifact
    recipe: dict[str, Any] | None
    models: list[StoredArtifact]
    soup: _Soup | None = None


class _Ensemble(Loose):
    """What predicts other records (`flows.prediction.ensemble`)."""

    train: StoredArtifact
    common: StoredArtifact
    blend: StoredArtifact
    validation: StoredArtifact | None
    members: dict[str, _EnsembleMember]


def _ensemble(described: dict[str, Any]) -> dict[str, Any]:
    """Empty in submissions of earlier versions."""
    if described:
        _Ensemble.model_validate(described)
    return described


class _Provenance(Loose):
    file: Annotated[str, AfterValidator(_file_name)]
    file_sha256: str | None = None
    competition: str = ""
    run: str = ""
    created: str = ""
    score: _Score | None = None
    validation: _Score | None = None
    gain: _Gain | None = None
    nested: _Nested | None = None
    members: dict[str, _Member] = {}
    ensemble: Annotated[dict[str, Any], AfterValidator(_ensemble)] = {}
    left_out: dict[str, str] = {}
    config: dict[str, Any] = {}
    code: dict[str, Any] = {}
    libraries: dict[str, Any] = {}
    data: dict[str, Any] = {}
    git: _Git | None = None
    accepted: list[_Accepted] = []
    steps: list[_Step] = []
    public_score: Annotated[FiniteFloat, Field(strict=True)] | None = None
    command: str = ""


KIND = FileKind(_Provenance, most_bytes=MOST_BYTES)


def read_provenance(file: Path) -> dict[str, Any]:
    """The contents of a provenance.

    Raises:
        InvalidSubmission: it is not there, no JSON, or has an entry of another type; names file and place.
    """
    try:
        value: dict[str, Any] = KIND.read(file)
    except FileNotFoundError:
        expected = f"{display_path(file.parent)}: expected a folder with {NAME}"
        raise InvalidSubmission(f"{expected}, received none") from None
    except Damaged as error:
        raise InvalidSubmission(error.in_file(file)) from None
    return value


def named_artifacts(file: Path) -> set[str]:
    """Names of artifacts in a provenance that is damaged, as far as there are any to be read.

    They stay in the store: somebody may mend the file.
    """
    try:
        content = file_bytes(file, MOST_BYTES)
    except (FileNotFoundError, Damaged):
        return set()
    text = content.replace(b"\0", b"").decode("ascii", "replace")  # UTF-16 has a zero beside each letter
    return set(ARTIFACT.findall(text))
