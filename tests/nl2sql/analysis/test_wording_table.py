"""The table of what wording says in a report."""

from pathlib import Path

from tasks.core.report.page import TableBlock
from tasks.nl2sql.analysis.wording_table import learned_wording
from tasks.nl2sql.wording import model as wording
from tasks.nl2sql.wording.fitting import fit
from tests.nl2sql.generated import generated


def rows(models: list[Path]) -> dict[str, list[object]]:
    (table,) = (block for block in learned_wording(models).blocks if isinstance(block, TableBlock))
    return {str(row[0]): list(row[1:]) for row in table.rows}


def test_each_class_has_a_row_with_its_wording(tmp_path: Path) -> None:
    models = [tmp_path / name for name in "ab"]
    for number, folder in enumerate(models):
        folder.mkdir()
        wording.write(folder, fit(*generated("varied", range(20 * number, 20 * number + 20))))
    found = rows(models)
    assert "最高" in str(found["MAX"][1])
    assert "⟨column⟩" in " ".join(str(shown) for _, shown in found.values())
    assert {"a column", "a column, a column", "COUNT", "conditions joined by or"} <= found.keys()


def test_models_without_it_have_no_section(tmp_path: Path) -> None:
    assert learned_wording([tmp_path]).blocks == []
