from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tasks.core.jobs import TrainJob
from tasks.text.training_records import HELD_OUT, record_or_view, some_held_out_rows


@pytest.mark.parametrize(("count", "expected"), [(7, 7), (HELD_OUT, HELD_OUT), (1000, 334), (0, 0)])
def test_held_out_rows_are_spread_over_the_fold(count: int, expected: int, tmp_path: Path) -> None:
    np.save(tmp_path / "folds.npy", np.repeat([0, 1], [5, count]))
    folders = dict.fromkeys(("dataset", "folds", "output", "partial"), tmp_path)
    rows = some_held_out_rows(TrainJob(competition="toy", settings={}, seed=0, fold=1, **folders))
    assert len(rows) == expected
    assert len(set(np.diff(rows).tolist())) <= 1
    assert set(rows.tolist()) <= set(range(5, 5 + count))


@pytest.mark.parametrize(
    ("views", "share", "expected"),
    [([], 1.0, {"a": 1.0}), ([["b"], ["c"]], 0.0, {"a": 1.0}), ([["b"], ["c"]], 0.5, {"a": 0.5, "b": 0.25})],
)
def test_a_share_of_the_records_is_replaced_by_views(
    views: list[list[str]], share: float, expected: dict[str, float]
) -> None:
    random = np.random.default_rng(0)
    counts = Counter(record_or_view(["a"], views, 0, random, share=share) for _ in range(2000))
    for record, part in expected.items():
        assert counts[record] / 2000 == pytest.approx(part, abs=0.03)
