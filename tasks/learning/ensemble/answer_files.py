"""Blended test scores → a checked submission file, on folders: for step `decode` and for bundles."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.learning.ensemble import prediction_files


class Rules(Protocol):
    """What a competition says of its submissions, as `tasks.core.competition.Competition` does."""

    @property
    def file(self) -> str: ...
    @property
    def ids(self) -> Callable[[Dataset, Part], list[str]]: ...
    @property
    def decode(self) -> Callable[[Iterable[Any], Dataset, dict[str, Any]], Iterator[Any]]: ...
    @property
    def write(self) -> Callable[[list[str], Iterable[Any], Path], None]: ...
    @property
    def check(self) -> Callable[[Path, list[str], Dataset], int]: ...


def write_submission(
    folder: Path, contract: Rules, dataset: Dataset, combined: Path, decision: dict[str, Any]
) -> Path:
    """Turn the blend's scores of the test records into answers, write them, read them back and check them.

    Scores are read, decoded and written piece by piece, so that memory does not grow with their number.

    Args:
        dataset: the test part and what is common to all parts.
        combined: folder of `write_combination`.
        decision: chosen on out-of-fold scores (`blend.json`).

    Raises:
        InvalidSubmission: the file breaks a rule of the competition.
        ValueError: the scores are not those of the test records, in their order.
    """
    ids, file = contract.ids(dataset, "test"), folder / contract.file
    contract.write(ids, contract.decode(_values(combined, ids), dataset, decision), file)
    contract.check(file, ids, dataset)
    return file


def _values(combined: Path, ids: list[str]) -> Iterator[Any]:
    """The scores of consecutive test records, piece by piece."""
    start = 0
    for piece in prediction_files.read_pieces(combined, "test"):
        if piece.ids != ids[start : start + len(piece.ids)]:
            raise ValueError("test: expected scores of the dataset's records in their order, received others")
        start += len(piece.ids)
        yield piece.values
    if start < len(ids):
        raise ValueError(f"test: expected scores of {len(ids)} records, received {start}")
