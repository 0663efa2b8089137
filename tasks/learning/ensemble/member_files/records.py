"""Files by which members are exchanged with other programs: what one of them must hold, and its problems.

A file has the scores of records by id, in any order, of one part or of several: with a part named at each
record, those of other parts are skipped. How scores are written is the competition's matter (`MemberForm`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from tasks.core.competition import Scores
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import kind_of

MemberPart = Literal["out_of_fold", "validation", "test"]
PARTS: tuple[MemberPart, ...] = ("out_of_fold", "validation", "test")
SHOWN = 3
"""Problems of one kind that are listed before the others are counted."""
UNREAD = ("columns", "line", "csv")
"""Kinds of problems of lines whose ids are not read, so that records seem to be missing."""
TOLERANCE = 1e-6
"""By how much float32 means of probabilities may leave [0, 1]."""


class ExpectedRecords(NamedTuple):
    """The records whose scores a file must have."""

    part: MemberPart
    ids: list[str]
    """In the order in which scores are returned."""
    folds: Mapping[str, int] = {}
    """Fold by id; a fold that a file names must be the same."""
    elsewhere: Mapping[str, str] = {}
    """Name of the part by id of records of other parts, for messages."""


class ExportedPart(NamedTuple):
    """Scores of one part as they are written."""

    part: MemberPart
    scores: Scores
    folds: Sequence[int] | None = None
    """Fold of each record; None for a part without folds."""
    truth: np.ndarray | None = None
    """As `tasks.core.competition.Scorer.targets` gives it; None without labels."""


class MemberForm(Protocol):
    """How a competition's scores are written to files and read from them."""

    suffixes: tuple[str, ...]
    """Endings of the files' names, by which their format is told."""

    def write(self, file: Path, parts: Sequence[ExportedPart]) -> None:
        """Write the parts to one file; raises InvalidData if its name has another ending."""

    def nothing(self) -> Scores:
        """Scores of no records."""

    def read(self, file: Path, expected: ExpectedRecords) -> Scores:
        """The expected records' scores in their order; raises InvalidData with all problems."""


class FileProblems:
    """The problems of one file: the first few of each kind, and the number of the others."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._kinds: dict[str, list[Problem]] = {}
        self._counts: Counter[str] = Counter()

    def add(self, kind: str, line: int | None, expected: str, received: str) -> None:
        """Note a problem in a line (of tables without lines: in a row, counted from 1)."""
        self._counts[kind] += 1
        if self._counts[kind] <= SHOWN:
            self._kinds.setdefault(kind, []).append(Problem(self.file, line, expected, received))

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def has(self, *kinds: str) -> bool:
        """Whether there is a problem of one of these kinds."""
        return not self._kinds.keys().isdisjoint(kinds)

    def listed(self) -> list[Problem]:
        """All problems, those of a kind one after the other, in the order in which kinds were found."""
        listed: list[Problem] = []
        for kind, problems in self._kinds.items():
            listed += problems
            if (more := self._counts[kind] - len(problems)) > 0:
                listed.append(Problem(self.file, None, problems[-1].expected, f"{more:,} more like these"))
        return listed

    def raise_if_any(self) -> None:
        """Raise InvalidData if there are problems."""
        if self:
            raise InvalidData(self.listed())


def check_file(file: Path, suffixes: Sequence[str]) -> None:
    """Raise InvalidData unless a file of one of these endings lies there and is not empty."""
    problems = FileProblems(file)
    if (kind := kind_of(file)) != "a file":
        problems.add("place", None, f"a file with scores ({' or '.join(suffixes)})", kind)
    else:
        check_suffix(file, suffixes)
        try:
            with file.open("rb") as content:
                empty = not content.read(1)
        except OSError as error:
            problems.add("place", None, "a readable file", f"one that cannot be read ({error.strerror})")
        else:
            if empty:
                problems.add("empty", None, "scores of records", "an empty file (0 bytes)")
    problems.raise_if_any()


def check_suffix(file: Path, suffixes: Sequence[str]) -> None:
    """Raise InvalidData unless the file's name has one of these endings."""
    if file.suffix.lower() not in suffixes:
        received = repr(file.suffix) if file.suffix else "none"
        raise InvalidData([Problem(file, None, f"a name that ends in {' or '.join(suffixes)}", received)])


class RecordMatcher:
    """Matches the records of a file with the expected ones, and notes ids that are wrong."""

    def __init__(self, expected: ExpectedRecords, problems: FileProblems) -> None:
        self._expected, self._problems = expected, problems
        self._row = {id: row for row, id in enumerate(expected.ids)}
        self._lines: dict[str, int] = {}

    def is_of_part(self, part: Any, line: int) -> bool:
        """Whether a record is of the expected part; one without a part is."""
        if part is None or part == "":
            return True
        if part not in PARTS:
            self._problems.add("part", line, f"a part of {', '.join(PARTS)}, or none", quoted(part))
        return bool(part == self._expected.part)

    def row(self, id: Any, line: int, *, fold: Any = None) -> int | None:
        """The row of the record with this id; None, and a problem, if there is none or was one before."""
        if not isinstance(id, str):
            self._problems.add("id type", line, "text as id", quoted(id))
        elif not id.strip():
            self._problems.add("empty id", line, "an id", "white space only" if id else "an empty one")
        elif id not in self._row:
            self._problems.add("unknown", line, f"the id of one of {self._described()}", self._unknown(id))
        elif id in self._lines:
            received = f"{quoted(id)} again, first in line {self._lines[id]}"
            self._problems.add("doubled", line, "each id once", received)
        else:
            self._lines[id] = line
            self._check_fold(id, fold, line)
            return self._row[id]
        return None

    def note_missing(self) -> None:
        """Note the expected records that were not found."""
        missing = [id for id in self._expected.ids if id not in self._lines]
        if missing and not self._problems.has(*UNREAD):
            listed = ", ".join(map(quoted, missing[:SHOWN])) + (" …" if len(missing) > SHOWN else "")
            received = f"none for {len(missing):,}: {listed}"
            self._problems.add("missing", None, f"scores of each of {self._described()}", received)

    def _described(self) -> str:
        name = "out-of-fold" if self._expected.part == "out_of_fold" else self._expected.part
        return f"{len(self._expected.ids):,} {name} records"

    def _unknown(self, id: str) -> str:
        if id.strip() in self._row:
            return f"{quoted(id)}, with white space around it"
        part = self._expected.elsewhere.get(id)
        return f"{quoted(id)}, which is a record of {part}" if part else quoted(id)

    def _check_fold(self, id: str, fold: Any, line: int) -> None:
        """A fold in a file must be the one that holds the record out, or its scores are not out of fold."""
        known = self._expected.folds.get(id)
        if known is not None and not is_fold(fold, known):
            expected = f"fold {known} for {quoted(id)}, or no fold"
            self._problems.add("fold", line, expected, f"fold {fold}")


def is_fold(given: Any, known: int) -> bool:
    """Whether a file's fold is the known one, or none; some programs write 1.0 beside empty cells.

    >>> [is_fold(given, 1) for given in ("1", 1.0, "1.0", None, "", "one", 2, True)]
    [True, True, True, True, True, False, False, False]
    """
    if given is None or given == "":
        return True
    try:
        number = float(given)
    except (TypeError, ValueError):
        return False
    return number != number or (number == known and not isinstance(given, bool))


def probability_problem(value: float) -> tuple[str, str] | None:
    """Kind and description of a number that is no probability; None if it is one.

    >>> probability_problem(0.5), probability_problem(1.5)
    (None, ('above 1', '1.5'))
    """
    if np.isnan(value):
        return "nan", "NaN"
    if np.isinf(value):
        return "infinite", f"{value}"
    if value < -TOLERANCE:
        return "negative", f"{value:g}"
    return ("above 1", f"{value:g}") if value > 1 + TOLERANCE else None


def quoted(value: Any) -> str:
    """The beginning of a value's `repr`."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
