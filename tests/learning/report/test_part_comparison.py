"""The section on training and test records, from what the steps before it have stored."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import Scores, find
from tasks.core.report.page import TableBlock, Text
from tasks.learning.ensemble import prediction_files
from tasks.learning.report.part_comparison import part_comparison

COUNT = 3000
COMPARED: dict[str, Any] = {
    "auc": 0.5,
    "standard_error": 0.01,
    "compared": {"train": COUNT, "test": COUNT},
    "most_unlike": [],
}


def stored(kind: str, **files: Any) -> Artifact:
    """An artifact with scores by part, and JSON files."""
    with Store.current().new_folder() as folder:
        for name, content in files.items():
            if isinstance(content, np.ndarray):
                ids = [f"{name} {row}" for row in range(COUNT)]
                prediction_files.write(folder, name, Scores(ids, content))
            else:
                write_json(folder / f"{name}.json", content)
        return Store.current().keep(kind, folder)


def answers(seed: int, wrong: float) -> np.ndarray:
    """Scores of which this share has another class than the right one, 0."""
    errs = np.random.default_rng(seed).random(COUNT) < wrong
    return np.eye(3, dtype=np.float32)[np.where(errs, 1 + seed % 2, 0)]


def section(tmp_path: Path, *, foreign: bool, seen: bool) -> Any:
    members, test = {}, {}
    for seed, name in enumerate(("ana", "b", "c")):
        learned = name == "ana" and seen
        score = {"name": "accuracy", "value": 0.99 if name == "ana" else 0.8, "standard_error": 0.01}
        description = {"score": score} | ({"foreign": {}} if name == "ana" and foreign else {})
        scores = answers(seed, 0.01 if learned else 0.2)
        members[name] = stored("member", out_of_fold=scores, member=description)
        test[name] = stored("scores", test=answers(seed + 10, 0.2))
    compared = stored("comparison", comparison=COMPARED)
    return part_comparison(find("dogs"), tmp_path, compared.path, members, test)


def test_agreement_is_shown_by_part(tmp_path: Path) -> None:
    (table,) = (
        block for block in section(tmp_path, foreign=False, seen=True).blocks if isinstance(block, TableBlock)
    )
    assert [row[0] for row in table.rows] == ["out of fold", "test"]
    assert all(0.5 < row[1] < 0.9 for row in table.rows)


@pytest.mark.parametrize("foreign", [True, False])
@pytest.mark.parametrize("seen", [True, False])
def test_a_member_from_files_that_has_seen_the_records_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, foreign: bool, seen: bool
) -> None:
    with caplog.at_level(logging.WARNING, "podium"):
        blocks = section(tmp_path, foreign=foreign, seen=seen).blocks
    texts = [block.text for block in blocks if isinstance(block, Text)]
    warnings = [text for text in texts if text.startswith("Warning: The other members agree with ana")]
    assert len(warnings) == len(caplog.records) == int(foreign and seen)
    assert [f"Warning: {each.getMessage()}" for each in caplog.records] == warnings
