"""The file `provenance.json` of a submission: how it is read, and what it must contain.

Submissions of earlier versions and of team mates are read too, so that all keys but `file` may be missing,
and others may be there. What is there has the types that readers rely on.
"""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from tasks.core.errors import InvalidSubmission
from tasks.core.locations import display_path

NAME = "provenance.json"
MOST_BYTES = 100_000_000
"""A provenance takes tens of kilobytes, with the steps of a large preset hundreds."""


def _file_name(name: str) -> str:
    if not name or Path(name).name != name or "\0" in name:
        raise ValueError("expected the name of a file in the submission's folder")
    return name


class _Loose(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Score(_Loose):
    name: str = ""
    value: FiniteFloat
    standard_error: FiniteFloat = 0.0


class _Member(_Loose):
    score: _Score | FiniteFloat | None = None
    weight: FiniteFloat


class _Step(_Loose):
    label: str = ""
    key: str | None = None
    state: str | None = None


class _Provenance(_Loose):
    file: Annotated[str, AfterValidator(_file_name)]
    competition: str = ""
    run: str = ""
    created: str = ""
    score: _Score | None = None
    validation: _Score | None = None
    gain: _Score | None = None
    nested: dict[str, Any] | None = None
    members: dict[str, _Member] = {}
    ensemble: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    config: dict[str, Any] = {}
    code: dict[str, Any] = {}
    libraries: dict[str, Any] = {}
    data: dict[str, Any] = {}
    steps: list[_Step] = []
    public_score: Annotated[FiniteFloat, Field(strict=True)] | None = None
    command: str = ""


def read_provenance(file: Path) -> dict[str, Any]:
    """The contents of a provenance.

    Raises:
        InvalidSubmission: it is not there, no JSON, or has an entry of another type; names file and place.
    """
    place = display_path(file)
    try:
        content = _content(file)
        text = content.decode("utf-8")
        value = json.loads(text, parse_constant=_refused_constant)
    except (FileNotFoundError, NotADirectoryError):
        expected = f"{display_path(file.parent)}: expected a folder with {NAME}"
        raise InvalidSubmission(f"{expected}, received none") from None
    except json.JSONDecodeError as error:
        raise InvalidSubmission(f"{place}:{error.lineno}: expected JSON, received {error.msg}") from None
    except RecursionError:
        raise InvalidSubmission(f"{place}: expected JSON, received one that is nested too deep") from None
    except (OSError, ValueError) as error:
        raise InvalidSubmission(f"{place}: expected JSON in UTF-8, received {error}") from None
    if not isinstance(value, dict) or "file" not in value:
        raise InvalidSubmission(f"{place}:1: expected an object with the key 'file', received none")
    try:
        _Provenance.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InvalidSubmission(f"{place}: {key}: {first['msg']}, received {first['input']!r:.80}") from None
    return value


def _content(file: Path) -> bytes:
    if file.exists() and not file.is_file():
        raise OSError("something that is not a file")
    if (size := file.stat().st_size) > MOST_BYTES:
        raise OSError(f"a file of {size:,} bytes")
    return file.read_bytes()


def _refused_constant(name: str) -> Any:
    raise ValueError(f"{name}, which is no number")
