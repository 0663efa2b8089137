"""The table of the factors on queries in a report."""

from pathlib import Path

import numpy as np
import pytest

from tasks.core.report.page import TableBlock
from tasks.nl2sql.analysis.factor_table import factors
from tasks.nl2sql.decoding.query_factors import PRIOR
from tasks.nl2sql.label_counts import counts
from tasks.nl2sql.label_counts.counts import SHAPES, LabelCounts


def model(folder: Path, **fields: object) -> Path:
    """A model beside which these counts lie."""
    folder.mkdir()
    made = {name: np.array(value, float) for name, value in fields.items()}
    counts.write(folder, LabelCounts.zero()._replace(**made))
    return folder


def rows(models: list[Path]) -> dict[str, list[float]]:
    (table,) = (block for block in factors(models).blocks if isinstance(block, TableBlock))
    assert len({row[0] for row in table.rows}) == len(table.rows)
    return {row[0]: row[1:] for row in table.rows}


def test_each_factor_has_a_row_with_its_counts(tmp_path: Path) -> None:
    found = rows([model(tmp_path / "a", selected=[880, 120], found=[10, 90])])
    assert found["a second selected column"] == [120, 440, pytest.approx((120 + PRIOR) / (440 + PRIOR))]
    assert found["a query that finds nothing"] == [10, 90, pytest.approx((10 + PRIOR) / (90 + PRIOR))]
    assert found["text column compared by >"] == [0, 0, 1]
    single = 4
    assert (
        len(found)
        == single + sum(np.prod(SHAPES[each]) for each in ("operators", "aggregates", "places")) + 2
    )


def test_means_over_models_are_shown_and_models_without_counts_passed_over(tmp_path: Path) -> None:
    one, other = model(tmp_path / "a", selected=[100, 0]), model(tmp_path / "b", selected=[200, 50])
    (tmp_path / "c").mkdir()
    found = rows([one, other, tmp_path / "c"])
    assert found["a second selected column"] == [25, 75, pytest.approx((25 + PRIOR) / (75 + PRIOR))]


def test_without_counts_there_is_no_section(tmp_path: Path) -> None:
    assert not factors([tmp_path]).blocks
