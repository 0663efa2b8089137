from pathlib import Path
from typing import Any

import pytest

from tasks.core.dataset import PartFolders
from tasks.nl2sql import data
from tasks.nl2sql.config import Data
from tasks.nl2sql.overlap import overlap
from tasks.text import dataset_files
from tests.nl2sql import written
from tests.nl2sql.written import Part, question


def between(folder: Path, parts: dict[str, Part]) -> list[dict[str, Any]]:
    """What is noted of the parts, each in a folder of its own, and what `count` says besides."""
    root = written.write(folder / "raw", parts)
    settings = Data(root=str(root))
    folders = []
    for part in dataset_files.PARTS:
        folders.append(folder / part)
        folders[-1].mkdir()
        data.load(settings, part, folders[-1])
    found = overlap(PartFolders.of(*folders))
    counted = data.count(settings)["notes"]
    assert counted[len(counted) - len(found) :] == found
    return found


def test_parts_with_nothing_in_common_but_tables_have_no_notes(tmp_path: Path) -> None:
    assert between(tmp_path, written.PARTS) == []


@pytest.mark.parametrize("name", ["val", "test"])
def test_questions_of_training_that_are_asked_again_are_noted(tmp_path: Path, name: str) -> None:
    again = " 请问青石花园的成交均价是多少?"
    labelled = question("houses", again, [(1, 0)], [(0, 2, "青石花园")])
    of_another_table = question("table_1", again, [(1, 0)])
    part = Part((written.HOUSES, written.PEOPLE), (of_another_table, labelled))
    (note,) = between(tmp_path, written.PARTS | {name: part})
    kind = "validation_leak" if name == "val" else "test_leak"
    assert (note["kind"], note["count"], note["examples"]) == (kind, 1, [f"{name}:2 and train:1"])
    assert note["message"].endswith(": 1")


def test_validation_questions_that_the_test_asks_again_are_noted(tmp_path: Path) -> None:
    known = written.VALIDATION.questions[1]
    test = Part((written.PEOPLE,), (question("table_1", known["question"]),) * 2)
    (note,) = between(tmp_path, written.PARTS | {"test": test})
    assert (note["kind"], note["examples"]) == ("test_leak", ["test:1 and val:2", "test:2 and val:2"])


@pytest.mark.parametrize("changed", ["rows", "header", "types"])
def test_a_table_that_changes_between_parts_is_noted(tmp_path: Path, changed: str) -> None:
    other = {
        "rows": [*written.COMPANIES["rows"], [2022.0, "a", "b", 1.0, "1%", "c"]],
        "header": ["年", *written.COMPANIES["header"][1:]],
        "types": ["text", *written.COMPANIES["types"][1:]],
    }
    tables = (written.COMPANIES | {changed: other[changed]}, written.PEOPLE)
    (note,) = between(tmp_path, written.PARTS | {"test": Part(tables, written.TEST.questions)})
    assert (note["kind"], note["examples"]) == ("changed_table", ["table_0"])
    assert note["message"] == "tables whose id has other contents in an earlier part: 1"


def test_without_a_validation_part_the_others_are_compared(tmp_path: Path) -> None:
    dataset = written.dataset(tmp_path, written.PARTS | {"test": written.TRAIN})
    for file in dataset.glob("validation*"):
        file.unlink()
    (note,) = overlap(dataset)
    assert (note["kind"], note["count"]) == ("test_leak", 7)
