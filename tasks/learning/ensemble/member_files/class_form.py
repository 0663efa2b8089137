"""Members' class scores as tables for other programs: a row by record, a column by class.

CSV and Parquet have the columns `id`, `part`, `fold`, `truth` and one by class; all but `id` and the classes
may be left out when read. An npz file has the arrays `ids` (n,) and `scores` (n, k), and may have `classes`
(k,), `parts`, `folds` and `truth` (n,).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.core.cache.store import write_atomically
from tasks.core.competition import Scores
from tasks.learning.ensemble.member_files import csv_table, npz_table, parquet_table
from tasks.learning.ensemble.member_files.columns import Reader, ScoreTable, Writer, own_columns
from tasks.learning.ensemble.member_files.records import (
    ExpectedRecords,
    ExportedPart,
    FileProblems,
    RecordMatcher,
    check_file,
    check_suffix,
    probability_problem,
)

READERS: dict[str, Reader] = {".csv": csv_table.read, ".parquet": parquet_table.read, ".npz": npz_table.read}
"""By the ending of a file's name."""
WRITERS: dict[str, Writer] = {
    ".csv": csv_table.content,
    ".parquet": parquet_table.content,
    ".npz": npz_table.content,
}
"""The bytes of a table, by the ending of a file's name."""
SUM_TOLERANCE = 1e-3
"""By how much a record's probabilities may miss a sum of 1, as they do when they were rounded."""


class ClassForm:
    """A `tasks.learning.ensemble.member_files.records.MemberForm` of (n, k) scores."""

    suffixes = tuple(READERS)

    def __init__(self, classes: Sequence[str]) -> None:
        """`classes` are the names of the scores' columns, none of them one of the tables' own."""
        self.classes = list(classes)

    def write(self, file: Path, parts: Sequence[ExportedPart]) -> None:
        """Write a table of float32 scores, which reads back the same to the bit.

        Raises:
            InvalidData: the file's name has another ending.
        """
        check_suffix(file, self.suffixes)
        scores = np.concatenate([np.asarray(each.scores.values, np.float32) for each in parts])
        content = WRITERS[file.suffix.lower()](own_columns(self.classes, parts), self.classes, scores)
        write_atomically(file.absolute(), content)

    def nothing(self) -> Scores:
        """Scores of no records."""
        return Scores([], np.zeros((0, len(self.classes)), np.float32))

    def read(self, file: Path, expected: ExpectedRecords) -> Scores:
        """(n, k) float32 scores of the expected records, in their order.

        Raises:
            InvalidData: ids are missing, doubled or unknown, or scores are no probabilities.
        """
        check_file(file, self.suffixes)
        problems = FileProblems(file)
        table = READERS[file.suffix.lower()](file, self.classes, problems)
        if table is None:
            problems.raise_if_any()
            raise AssertionError("a table that cannot be read has a problem")
        order = self._order(table, expected, problems)
        problems.raise_if_any()
        return Scores(expected.ids, table.scores[order].astype(np.float32))

    def _order(self, table: ScoreTable, expected: ExpectedRecords, problems: FileProblems) -> np.ndarray:
        """(n,) int64: the table's row of each expected record, if there are no problems."""
        matcher = RecordMatcher(expected, problems)
        rows_of_part, places = [], []
        for place, (id, line) in enumerate(zip(table.ids, table.lines, strict=True)):
            if not matcher.is_of_part(table.parts[place] if table.parts else None, line):
                continue
            rows_of_part.append(place)
            row = matcher.row(id, line, fold=table.folds[place] if table.folds else None)
            if row is not None:
                places.append((row, place))
        matcher.note_missing()
        self._check_scores(table, np.array(rows_of_part, np.int64), problems)
        return np.array([place for _, place in sorted(places)], np.int64)

    def _check_scores(self, table: ScoreTable, places: np.ndarray, problems: FileProblems) -> None:
        scores = table.scores[places]
        wrong = ~((scores >= 0) & (scores <= 1)) & table.is_number[places]
        for row, column in np.argwhere(wrong).tolist():
            if found := probability_problem(float(scores[row, column])):
                kind, received = found
                expected = f"a probability of 0 to 1 for class {self.classes[column]!r}"
                problems.add(kind, table.lines[places[row]], expected, received)
        with np.errstate(invalid="ignore", over="ignore"):
            sums = scores.sum(axis=1)
        usable = table.is_number[places].all(axis=1) & ~wrong.any(axis=1)
        for row in np.flatnonzero(usable & (np.abs(sums - 1) > SUM_TOLERANCE)).tolist():
            expected = f"probabilities that sum to 1 (within {SUM_TOLERANCE:g})"
            problems.add("sum", table.lines[places[row]], expected, f"a sum of {sums[row]:.6g}")
