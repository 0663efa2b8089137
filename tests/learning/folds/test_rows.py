from pathlib import Path

import numpy as np
import pytest

from tasks.core.jobs import FoldJob
from tasks.learning.folds.rows import held_out_rows, training_rows


@pytest.mark.parametrize(
    ("fold", "beside", "training", "held_out"),
    [
        (None, None, [0, 1, 2, 3, 4], []),
        (1, None, [0, 2, 3], [1, 4]),
        (1, 0, [2], [1, 4]),
        (2, 1, [0, 3], [2]),
    ],
)
def test_a_job_is_fitted_on_the_rows_of_all_folds_but_those_left_out(
    fold: int | None, beside: int | None, training: list[int], held_out: list[int], tmp_path: Path
) -> None:
    np.save(tmp_path / "folds.npy", np.array([0, 1, 2, 0, 1]))
    folders = dict.fromkeys(("dataset", "folds", "output", "partial"), tmp_path)
    job = FoldJob(competition="toy", settings={}, seed=0, fold=fold, beside=beside, **folders)
    assert training_rows(job).tolist() == training
    assert held_out_rows(job).tolist() == held_out
