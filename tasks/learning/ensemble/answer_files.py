"""Blended test scores → a checked submission file, on folders: for step `decode` and for bundles."""

from pathlib import Path
from typing import Any

from tasks.core.competition import Competition
from tasks.core.dataset import Dataset
from tasks.learning.ensemble import prediction_files


def write_submission(
    folder: Path, contract: Competition, dataset: Dataset, combined: Path, decision: dict[str, Any]
) -> Path:
    """Turn the blend's scores of the test records into answers, write them, read them back and check them.

    Args:
        dataset: the test part and what is common to all parts.
        combined: folder of `write_combination`.
        decision: chosen on out-of-fold scores (`blend.json`).

    Raises:
        InvalidSubmission: the file breaks a rule of the competition.
    """
    test = prediction_files.read(combined, "test")
    answers = contract.decode(test.values, dataset, decision)
    file = folder / contract.file
    contract.write(test.ids, answers, file)
    contract.check(file, contract.ids(dataset, "test"), dataset)
    return file
