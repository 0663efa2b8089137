"""Class scores as Parquet, for which pyarrow is needed."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core import limits
from tasks.core.errors import UserError
from tasks.learning.ensemble.member_files.columns import (
    FOLD,
    ID,
    NO_NUMBER,
    OWN,
    PART,
    TRUTH,
    Columns,
    ScoreTable,
    check_columns,
    is_number,
)
from tasks.learning.ensemble.member_files.records import FileProblems

NEEDS_PYARROW = "Parquet files need pyarrow: pip install 'podium[parquet]'; or use .csv or .npz"


def read(file: Path, classes: Sequence[str], problems: FileProblems) -> ScoreTable | None:
    """The table of a Parquet file; raises UserError without pyarrow."""
    parquet = _pyarrow_parquet()
    try:
        if (size := _claimed_bytes(parquet, file)) > limits.ARRAYS.value():
            problems.add("parquet", None, f"columns of {limits.ARRAYS.at_most()}", f"{size:,} bytes")
            return None
        table = parquet.read_table(file)
        table.validate(full=True)  # that texts are UTF-8, among others
        names = table.column_names
    except Exception as error:  # pyarrow raises many types for files that are damaged
        reason = str(error).splitlines()[0][:100]
        problems.add("parquet", None, "a whole Parquet file", f"one that cannot be read ({reason})")
        return None
    if not check_columns(names, classes, problems):
        return None
    columns = {name: table.column(name) for name in names}
    scores = [_parquet_scores(columns[name], name, problems) for name in classes]
    if any(column is None for column in scores):
        return None
    if not table.num_rows:
        problems.add("rows", None, "a row for each record", "a table without rows")
    values = np.array(scores, np.float64).reshape(len(classes), -1).T
    own = {name: columns[name].to_pylist() if name in columns else None for name in (ID, PART, FOLD)}
    ids = [str(id) if type(id) is int else id for id in own[ID] or []]
    lines = range(1, table.num_rows + 1)
    return ScoreTable(ids, values, is_number(values, problems), lines, own[PART], own[FOLD])


def _claimed_bytes(parquet: Any, file: Path) -> int:
    """Bytes of the unpacked columns, of which one that repeats a value takes more than it has in the file."""
    claimed = parquet.read_metadata(file)
    groups = (claimed.row_group(number) for number in range(claimed.num_row_groups))
    return max(8 * claimed.num_rows * claimed.num_columns, sum(group.total_byte_size for group in groups))


def _parquet_scores(column: Any, name: str, problems: FileProblems) -> np.ndarray | None:
    import pyarrow

    if not (pyarrow.types.is_floating(column.type) or pyarrow.types.is_integer(column.type)):
        problems.add("type", None, f"numbers in the column {name!r}", f"the type {column.type}")
        return None
    for row in np.flatnonzero(column.is_null().to_numpy())[:4].tolist():
        problems.add("number", row + 1, f"a number for class {name!r}", "an empty cell")
    filled = column.cast(pyarrow.float64()).fill_null(NO_NUMBER)
    return np.asarray(filled.to_numpy())


def _pyarrow_parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UserError(NEEDS_PYARROW) from None
    return pyarrow.parquet


def content(columns: Columns, classes: Sequence[str], scores: np.ndarray) -> bytes:
    """The table as Parquet; raises UserError without pyarrow."""
    parquet = _pyarrow_parquet()
    import pyarrow

    types = {ID: pyarrow.string(), PART: pyarrow.string(), FOLD: pyarrow.int64(), TRUTH: pyarrow.string()}
    arrays = {name: pyarrow.array(columns[name], types[name]) for name in OWN}
    arrays |= {name: pyarrow.array(scores[:, index]) for index, name in enumerate(classes)}
    parquet.write_table(pyarrow.table(arrays), stream := io.BytesIO())
    return stream.getvalue()
