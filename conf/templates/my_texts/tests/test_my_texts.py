"""Tests of the competition; `python -m pytest` in its folder runs them.

To fill in: what must hold of your data, your metric and your file.
"""

import os
from pathlib import Path

import numpy as np
import pytest

os.environ["PODIUM_COMPETITIONS"] = str(Path(__file__).resolve().parents[2])

from tasks.core.competition import Competition, find


@pytest.fixture
def competition() -> Competition:
    return find("my_texts")


@pytest.fixture
def dataset(competition: Competition, tmp_path: Path) -> Path:
    """The demo's raw files, loaded."""
    from tasks.my_texts import config, demo

    demo.write(tmp_path / "raw")
    (tmp_path / "dataset").mkdir()
    for part in competition.parts:
        competition.load(config.Data(root=str(tmp_path / "raw")), part, tmp_path / "dataset")
    return tmp_path / "dataset"


def test_every_record_has_an_id_of_its_own(competition: Competition, dataset: Path) -> None:
    ids = [id for part in competition.parts for id in competition.ids(dataset, part)]
    assert len(set(ids)) == len(ids) > 0


def test_perfect_scores_are_better_than_wrong_ones(competition: Competition, dataset: Path) -> None:
    score = competition.scorer(dataset)
    truth = competition.fold_key(dataset).strata
    perfect = np.eye(truth.max() + 1, dtype=np.float32)[truth]
    assert score(perfect).signed > score(np.roll(perfect, 1, axis=1)).signed


def test_a_written_submission_passes_its_own_check(
    competition: Competition, dataset: Path, tmp_path: Path
) -> None:
    ids = competition.ids(dataset, "test")
    scores = np.random.default_rng(0).random((len(ids), competition.fold_key(dataset).strata.max() + 1))
    answers = competition.decode([scores], dataset, {})
    competition.write(ids, answers, tmp_path / competition.file)
    assert competition.check(tmp_path / competition.file, ids, dataset) == len(ids)
