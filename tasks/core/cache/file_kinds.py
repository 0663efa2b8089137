"""What stands in the files of the store: records of steps, acceptances, manifests, fingerprints of raw
files, journals.

Files of earlier versions are read too: more may stand in them, and what came later may be missing.
"""

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from tasks.core.cache.digests import digest_of_json
from tasks.core.files.stored_files import FileKind, Loose

FORMAT = 1
"""Part of every key; raised when the meaning of stored files changes."""
MOST_BYTES = 200_000_000
"""Of a file that names each of the raw files, of which there may be a million."""
MOST_JOURNAL_BYTES = 100_000_000
MOST_SECONDS = 1e9
"""Of a step: thirty years."""
ARTIFACT = re.compile(r"[a-z0-9_-]{1,64}-[0-9a-f]{32}")
"""The name of an artifact's folder, which is part of paths."""


def is_below(name: str) -> bool:
    """Whether the relative path stays inside its folder, and can be one."""
    path = PurePosixPath(name)
    is_inside = bool(name) and not path.is_absolute() and ".." not in path.parts
    return is_inside and "\\" not in name and "\0" not in name


def _name_below(name: str) -> str:
    if not is_below(name):
        raise ValueError("expected the name of a file below the artifact's folder")
    return name


def _artifact_name(text: str) -> str:
    if not ARTIFACT.fullmatch(text):
        raise ValueError("expected the name of an artifact")
    return text


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError("expected a time as in 2026-01-31T12:00:00+00:00") from None
    return text


def key_digest(step: str, inputs: dict[str, Any], code: dict[str, str], libraries: dict[str, str]) -> str:
    """The key of a step: SHA-256 of what decides its result, and of the store's format."""
    return digest_of_json([FORMAT, step, inputs, code, libraries])


def acceptance_digest(acceptance: dict[str, Any]) -> str:
    """SHA-256 of what an acceptance leads from and to: another one of the same change takes its place."""
    return digest_of_json([acceptance[part] for part in ("step", "competition", "before", "after")])


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Seconds = Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=0, lt=2**63)]
ArtifactName = Annotated[str, AfterValidator(_artifact_name)]


class StoredArtifact(Loose):
    """The fields of `tasks.core.cache.store.Artifact`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
    digest: Digest


class _Record(Loose):
    key: Digest
    label: str
    step: str
    inputs: dict[str, Any]
    code: dict[str, str]
    libraries: dict[str, str]
    result: StoredArtifact
    seconds: Seconds
    worked: Seconds | None = None
    finished: Annotated[str, AfterValidator(_moment)]

    @model_validator(mode="after")
    def _key_fits(self) -> "_Record":
        """Whatever has changed in the parts of the key shows, so that readers need not check them."""
        if self.key != key_digest(self.step, self.inputs, self.code, self.libraries):
            raise ValueError("expected a key of these inputs, code and libraries")
        return self


class _Code(Loose):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    code: dict[str, str]
    libraries: dict[str, str]


class _Acceptance(Loose):
    """The fields of `tasks.core.cache.acceptances.Acceptance`."""

    step: str
    competition: str
    before: _Code
    after: _Code
    by: str
    when: Annotated[str, AfterValidator(_moment)]
    note: str
    functions: dict[str, list[str]]


class _File(Loose):
    sha256: Digest
    size: Size
    modified_ns: Annotated[int, Field(ge=-(2**63), lt=2**63)] = 0


class _Manifest(Loose):
    digest: Digest
    files: dict[Annotated[str, AfterValidator(_name_below)], _File]


class _AcceptedBy(Loose):
    id: Digest
    step: str
    by: str
    when: str
    note: str
    changes: list[str]


class _JournalEntry(Loose):
    step: str
    label: str
    key: Digest | None
    state: str
    seconds: Seconds
    artifact: ArtifactName | None
    accepted: list[_AcceptedBy] = []


_Fingerprint = Annotated[str, Field(pattern=r"^(-?[0-9]+ )+[0-9a-f]{64}$")]


RECORD = FileKind(_Record, most_bytes=MOST_BYTES)
ACCEPTANCE = FileKind(_Acceptance, most_bytes=MOST_JOURNAL_BYTES)
MANIFEST = FileKind(_Manifest, most_bytes=MOST_BYTES)
FINGERPRINTS = FileKind(dict[str, _Fingerprint | list[Any]], most_bytes=MOST_BYTES)
"""State and SHA-256 of each raw file, in one text: 100,000 of them are read in a tenth of the time that lists
of numbers take, which earlier versions wrote."""
JOURNAL_ENTRY = FileKind(_JournalEntry, most_bytes=MOST_JOURNAL_BYTES)
