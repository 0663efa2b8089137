"""Submissions: folders with the file to upload and its provenance.

submissions/<competition>/<UTC time>-<run name>/
    <file>             to upload
    provenance.json    the settings, code, data and scores that it comes from
    report.html
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.cache.acceptances import text_of
from tasks.core.cache.store import write_json
from tasks.core.competition import find
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSubmission
from tasks.core.files.stored_files import Damaged, file_bytes, warn_once
from tasks.core.files.temporary import temporary_folder
from tasks.core.locations import display_path
from tasks.core.printable import printable
from tasks.core.submissions.provenance_file import NAME as PROVENANCE
from tasks.core.submissions.provenance_file import read_provenance

COMPARED = ("config", "data", "libraries", "code")
"""Parts of the provenance that decide the answers."""
MOST_ANSWER_BYTES = 1 << 30
"""Of files to upload that are compared, unpacked."""


class Submission(NamedTuple):
    """A submission's folder, and its provenance as JSON."""

    folder: Path
    provenance: dict[str, Any]

    @property
    def name(self) -> str:
        """`<competition>/<folder>`."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def file(self) -> Path:
        """The file to upload."""
        return self.folder / str(self.provenance["file"])


class Difference(NamedTuple):
    """A key with its values in two submissions; None if one lacks it."""

    key: str
    first: Any
    second: Any


class AnswerDifference(NamedTuple):
    """How many lines of two files differ, compared in their order."""

    different: int
    total: int
    examples: list[tuple[int, str, str]]
    """Line number and both lines of the first few."""


def listed(root: Path, competition: str | None = None) -> list[Submission]:
    """All submissions, the newest first; those with a damaged provenance are named once and passed over."""
    return [each for each in _all(root, competition) if isinstance(each, Submission)]


def damaged(root: Path) -> list[Path]:
    """Provenances that are damaged."""
    return [each for each in _all(root) if isinstance(each, Path)]


def _all(root: Path, competition: str | None = None) -> Iterator[Submission | Path]:
    """Submissions, the newest first, and provenances that are damaged."""
    for folder in _folders(root, competition):
        try:
            yield read(folder)
        except InvalidSubmission as error:
            warn_once(f"{error}; this submission is passed over")
            yield folder / PROVENANCE


def _folders(root: Path, competition: str | None = None) -> list[Path]:
    """Folders with a provenance, the newest first; that of one that is being written begins with a dot."""
    files = root.glob(f"{competition or '*'}/[!.]*/{PROVENANCE}")
    return sorted((file.parent for file in files), key=lambda folder: folder.name, reverse=True)


def read(folder: Path) -> Submission:
    """The folder's submission; raises InvalidSubmission without a provenance that is whole."""
    return Submission(folder, read_provenance(folder / PROVENANCE))


def find_submission(root: Path, name: str, *, competition: str = "") -> Submission:
    """The submission of this name: a folder, `<competition>/<folder>`, or a part of that which only one has.

    Of submissions of several competitions that have it, that of the given one is meant.

    Raises:
        InvalidSubmission: no submission has this name, several have, or its provenance is damaged.
    """
    if Path(name, PROVENANCE).is_file():
        return read(Path(name))
    known = {f"{folder.parent.name}/{folder.name}": folder for folder in _folders(root)}
    matches = [full for full in known if name in (full, full.partition("/")[2])]
    matches = matches or [full for full in known if name in full]
    matches = [full for full in matches if full.startswith(f"{competition}/")] or matches
    if len(matches) == 1:
        return read(known[matches[0]])
    if matches:
        several = "\n  ".join(map(printable, matches))
        raise InvalidSubmission(
            f"submission: expected the name of one, received {name!r}, which fits\n  {several}"
        )
    near = suggestion(name, known)
    expected = f"one of the {len(known)} in {display_path(root)}"
    raise InvalidSubmission(f"submission: expected {expected}, received {name!r}{near}")


def differences(first: Submission, second: Submission) -> dict[str, list[Difference]]:
    """Differences between two provenances, by the parts that decide the answers.

    Results of earlier code that were accepted are a further part, `accepted`, if there are any.
    """
    one, two = first.provenance, second.provenance
    parts = {part: _differences(one.get(part), two.get(part)) for part in COMPARED}
    accepted = [
        {f"{each['step']} {each['id'][:8]}": text_of(each) for each in of.get("accepted") or ()}
        for of in (one, two)
    ]
    return parts | ({"accepted": _differences(*(each or None for each in accepted))} if any(accepted) else {})


def answer_difference(first: Submission, second: Submission, *, shown_count: int = 5) -> AnswerDifference:
    """Compare the files to upload; raises InvalidSubmission if one is missing."""
    one, two = _lines(first.file), _lines(second.file)
    total = max(len(one), len(two))
    padded = [lines + ["(none)"] * (total - len(lines)) for lines in (one, two)]
    pairs = enumerate(zip(*padded, strict=True), start=1)
    different = [(number, a, b) for number, (a, b) in pairs if a != b]
    return AnswerDifference(len(different), total, different[:shown_count])


def record_score(submission: Submission, score: float) -> None:
    """Write the public score into the provenance, atomically."""
    provenance = read(submission.folder).provenance | {"public_score": score}
    write_json(submission.folder / PROVENANCE, provenance)


def validate(competition: str, file: Path, config: Any) -> int:
    """Check a submission file against the raw files of the settings; returns its number of lines.

    Raises:
        InvalidSubmission: the file breaks a rule; the message has rule and line.
        InvalidData: the raw files cannot be read.
    """
    if not file.is_file():
        raise InvalidSubmission(f"{display_path(file)}: expected a file, received none")
    rules = find(competition)
    with temporary_folder() as dataset:
        for part in ("train", "test"):  # the training part has the vocabularies and classes
            rules.load(config.data, part, dataset)
        return rules.check(file, rules.ids(dataset, "test"), dataset)


def _differences(first: Any, second: Any) -> list[Difference]:
    one, two = dict(flat(first)), dict(flat(second))
    keys = [*one, *(key for key in two if key not in one)]
    changed = [key for key in keys if one.get(key) != two.get(key)]
    return [Difference(key, one.get(key), two.get(key)) for key in changed]


def flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a nested table by their dotted keys; an empty table or list is a value, None is not."""
    if value and isinstance(value, dict | list):
        for part, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flat(inner, f"{key}.{part}" if key else str(part))
    elif value is not None:
        yield key, value


def _lines(file: Path) -> list[str]:
    """Lines of the file, or of the files in a zip archive."""
    try:
        content = file_bytes(file, MOST_ANSWER_BYTES)
    except FileNotFoundError:
        raise InvalidSubmission(f"{display_path(file)}: expected the file to upload, received none") from None
    except Damaged as error:
        raise InvalidSubmission(error.in_file(file)) from None
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return _split_lines(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _split_lines(b"".join(_members(archive)))
    except Exception as error:  # damage raises many kinds: BadZipFile, EOFError, NotImplementedError …
        expected = f"a whole zip archive of at most {MOST_ANSWER_BYTES:,} bytes"
        raise InvalidSubmission(f"{display_path(file)}: expected {expected}, received {error}") from None


def _members(archive: zipfile.ZipFile) -> Iterator[bytes]:
    remaining = MOST_ANSWER_BYTES
    for name in sorted(archive.namelist()):
        with archive.open(name) as member:
            content = member.read(remaining + 1)
        remaining -= len(content)
        if remaining < 0:
            raise ValueError("more")
        yield content


def _split_lines(content: bytes) -> list[str]:
    """Lines split at line feeds only: answers may hold other characters at which `str.splitlines` splits."""
    lines = content.decode("utf-8", "replace").split("\n")
    return [line.rstrip("\r") for line in (lines if lines[-1] else lines[:-1])]
