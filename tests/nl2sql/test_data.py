import json
from pathlib import Path
from typing import Any

import pytest

from tasks.core.dataset import notes as written_notes
from tasks.core.errors import InvalidData
from tasks.nl2sql import data
from tasks.nl2sql import dataset as files
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.schema import Condition, Query
from tasks.text import dataset_files
from tests.nl2sql import written
from tests.nl2sql.written import Part, question, table

REAL = Path(__file__).parents[3] / "shared" / "data" / "nl2sql"
AGES = table("ages", {"姓名": "text", "年龄": "real"}, [("陆一舟", 31.0)], name="ages")


def with_train(tmp_path: Path, *questions: dict[str, Any]) -> Path:
    """Raw files with other training tables, and with training questions from line 2 on."""
    train = Part((written.HOUSES, AGES), (written.TRAIN.questions[0], *questions))
    return written.write(tmp_path / "raw", written.PARTS | {"train": train})


def loaded(root: Path, name: str = "dataset") -> Path:
    folder = root.parent / name
    folder.mkdir()
    return written.load(root, folder)


def notes(root: Path) -> dict[str, list[str]]:
    return {note["kind"]: note["examples"] for note in data.count(Data(root=str(root)))["notes"]}


def numbers(root: Path) -> dict[str, int]:
    found = data.count(Data(root=str(root)))["notes"]
    assert all(note["message"].endswith(f": {note['count']}") for note in found)
    return {note["kind"]: note["count"] for note in found}


def test_dataset_can_be_read_back(tmp_path: Path) -> None:
    dataset = loaded(written.write(tmp_path / "raw"))
    train = files.questions(dataset, "train")
    assert [one.id for one in train] == [f"train:{number}" for number in range(1, 8)]
    assert train[5].query == Query(((1, 0),), 1, (Condition(4, 1, "31.43%"), Condition(5, 3, "宋遥")))
    assert [one.id for one in files.questions(dataset, "validation")] == ["val:1", "val:2"]
    assert [one.query for one in files.questions(dataset, "test")] == [None, None]
    tables = files.tables(dataset, "train")
    assert list(tables) == ["houses", "land", "table_0"]
    for found, line in zip(tables.values(), written.TRAIN.tables, strict=True):
        assert json.loads(json.dumps(found._asdict())) == line


def test_the_test_part_holds_no_query(tmp_path: Path) -> None:
    root = written.write(tmp_path / "raw")
    labelled = question("table_1", "何景在哪个部门", [(1, 0)], [(0, 2, "何景")])
    written.write_lines(root / "test" / "test.json", [labelled | {"sql": "anything"}])
    line = (loaded(root) / "test.jsonl").read_text("utf-8")
    assert json.loads(line) == {"id": "test:1", "text": "何景在哪个部门", "table": "table_1"}
    assert notes(root)["labelled_test"] == ["test:1"]


def test_count_says_what_load_writes(tmp_path: Path) -> None:
    root = written.write(tmp_path / "raw")
    counted = data.count(Data(root=str(root)), workers=3)
    counts = counted["counts"]
    dataset = loaded(root)
    found = written_notes(dataset, dataset_files.PARTS)
    assert found["notes"] == counted["notes"]
    assert counts == found["counts"] | {
        f"{part} questions of tables that are not in training": 1 for part in ("validation", "test")
    }
    assert (counts["train"], counts["train tables"], counts["train rows"]) == (7, 3, 9)
    assert (counts["validation"], counts["test"], counts["train longest"]) == (2, 2, 28)
    assert counts["test longest"] == len("海南的公司有哪些")
    assert counts["distinct training characters"] == len(dataset_files.characters(dataset))
    assert (counts["train connector: or"], counts["train conditions: 2"]) == (1, 2)
    assert (counts["train aggregate: MAX"], counts["train operator: !="]) == (1, 1)


def test_files_may_lie_in_the_root_itself(tmp_path: Path) -> None:
    root = written.write(tmp_path / "raw")
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in root.glob("*/*"):
        (flat / file.name).write_bytes(file.read_bytes())
    one, other = loaded(root), loaded(flat, "other")
    assert [file.read_bytes() for file in sorted(one.iterdir())] == [
        file.read_bytes() for file in sorted(other.iterdir())
    ]


def test_validation_may_be_absent(tmp_path: Path) -> None:
    parts = {name: part for name, part in written.PARTS.items() if name != "val"}
    dataset = loaded(written.write(tmp_path / "raw", parts))
    assert dataset_files.ids(dataset, "validation") == []
    assert files.tables(dataset, "validation") == {}
    assert files.database(dataset, "validation").is_file()
    counts = written_notes(dataset, ["validation"])["counts"]
    assert counts == {"validation": 0, "validation tables": 0, "validation rows": 0}


@pytest.mark.parametrize("flat", [False, True])
def test_a_part_needs_no_other(tmp_path: Path, flat: bool) -> None:
    root = written.write(tmp_path / "raw", {"test": written.TEST})
    if flat:
        for file in [*root.glob("test/*")]:
            file.rename(root / file.name)
        (root / "test").rmdir()
    data.load(Data(root=str(root)), "test", tmp_path)
    whole = loaded(written.write(tmp_path / "all" / "raw"))
    names = ["test.db", "test.jsonl", "test.notes.json", "test.tables.jsonl"]
    assert sorted(file.name for file in tmp_path.glob("*.*")) == names
    assert all((tmp_path / name).read_bytes() == (whole / name).read_bytes() for name in names)


def test_the_key_of_a_part_covers_all_its_files_and_no_others(tmp_path: Path) -> None:
    root = written.write(tmp_path / "raw")
    found = {part: Data(root=str(root)).of_part(part).files for part in dataset_files.PARTS}
    assert {part: [name for name in names if (root / name).exists()] for part, names in found.items()} == {
        "train": ["train"],
        "validation": ["val"],
        "test": ["test"],
    }
    everything = {file.name for part in found for file in (root / found[part][0]).iterdir()}
    in_root = {name for names in found.values() for name in names[1:]}
    assert everything | {"train.db", "val.db", "test.db"} == in_root


@pytest.mark.parametrize("place", ["..", "train"])
def test_a_root_too_high_or_too_low_gets_a_hint(tmp_path: Path, place: str) -> None:
    root = written.write(tmp_path / "higher" / "raw")
    wrong = Data(root=str((root / place).resolve()))
    with pytest.raises(InvalidData, match=r"try --set data\.root=.*raw$"):
        data.load(wrong, "test", tmp_path)
    with pytest.raises(InvalidData, match=r"try --set data\.root=.*raw$"):
        data.count(wrong)


def test_a_root_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidData, match=r"expected a folder with train, val and test.* nothing of this name"
    ):
        data.count(Data(root=str(tmp_path / "no")))


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (question("ages", "有多少人", [(0, 4)]), {"no_conditions": 1}),
        (question("ages", "31或32岁的是谁", [(0, 0)], [(1, 2, "31"), (1, 2, "32")], 2), {"same_column": 1}),
        (
            question("ages", "31岁的是谁", [(0, 0)], [(1, 2, "31"), (1, 2, "31")]),
            {"same_column": 1, "repeated_condition": 1},
        ),
        (question("ages", "31岁的是谁", [(0, 0), (0, 0)], [(1, 2, "31")]), {"repeated_select": 1}),
        (question("ages", "31岁的是谁", [(0, 0)], [(1, 2, "31")], 1), {"idle_connector": 1}),
        (question("ages", "31岁的是谁", [(0, 0)], [(1, 2, 31)]), {"number_value": 1}),  # type: ignore[list-item]
        (question("ages", "没有名字的多大", [(1, 0)], [(0, 2, " ")]), {"empty_value": 1}),
        (question("ages", "三十一岁的是谁", [(0, 0)], [(1, 2, "31")]), {"value_not_found": 1}),
        (question("ages", "ａB的年龄是多少", [(1, 0)], [(0, 2, "Ab")]), {}),
        (
            question("ages", "最大的姓名是什么", [(0, 2)], [(1, 0, "3")]),
            {"text_aggregate": 1, "value_not_found": 1},
        ),
        (question("ages", "姓名大于陆的是谁", [(0, 0)], [(0, 0, "陆")]), {"text_order": 1}),
        (question("ages", "31" * 65, [(0, 0)], [(1, 2, "31")]), {"long": 1}),
        (question("ages", "31\x07岁的是谁😀", [(0, 0)], [(1, 2, "31")]), {"control": 1, "emoji": 1}),
        (written.TRAIN.questions[0], {"repeated_question": 1}),
        (
            question("houses", "请问青石花园的成交均价是多少?", [(2, 0)], [(0, 2, "青石花园")]),
            {"repeated_question": 1, "contradiction": 1},
        ),
    ],
)
def test_odd_questions_are_noted(tmp_path: Path, added: dict[str, Any], expected: dict[str, int]) -> None:
    root = with_train(tmp_path, added)
    assert numbers(root) == {"real_text": 3} | expected
    found = notes(root)
    assert all(found[kind][0].startswith("train:2") for kind in expected)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"rows": []}, ["empty_table"]),
        ({"header": ["姓名", "姓名"]}, ["repeated_heading"]),
        ({"header": ["姓名", " "]}, ["empty_heading"]),
        ({"rows": [["a", "69.92%"]]}, ["real_text"]),
        ({"rows": [["a", "-1.5e3"]]}, ["real_text"]),
        ({"rows": [["a", ""]]}, ["real_empty"]),
        ({"rows": [["a", None]]}, ["real_empty"]),
        ({"rows": [["", 5]]}, []),
        ({"title": "", "name": ""}, []),
    ],
)
def test_odd_tables_are_noted(tmp_path: Path, changed: dict[str, Any], expected: list[str]) -> None:
    plain = {"rows": [("x", 1.5)]}
    tables = {name: table(name, {"a": "text", "b": "real"}, plain["rows"]) for name in written.PARTS}
    parts = {
        name: Part((tables[name] | (changed if name == "train" else {}),), (question(name, "谁", [(0, 0)]),))
        for name in written.PARTS
    }
    found = notes(written.write(tmp_path / "raw", parts))
    assert list(found) == [*expected, "no_conditions", "labelled_test"]
    assert all(found[kind][0].startswith("train") for kind in expected)


def test_numbers_as_values_are_read_as_the_competition_formats_them(tmp_path: Path) -> None:
    asked = question("ages", "31岁的是谁", [(0, 0)], [(1, 2, 31), (1, 2, 31.0), (1, 0, 0.1)])  # type: ignore[list-item]
    query = files.questions(loaded(with_train(tmp_path, asked)), "train")[1].query
    assert query
    assert [condition.value for condition in query.conditions] == ["31", "31.0", "0.1"]


def test_a_connector_without_conditions_to_connect_is_left_out(tmp_path: Path) -> None:
    asked = question("ages", "31岁的是谁", [(0, 0)], [(1, 2, "31")], 2)
    query = files.questions(loaded(with_train(tmp_path, asked)), "train")[1].query
    assert query
    assert query.connector == 0


def test_training_characters_are_counted_as_models_read_them(tmp_path: Path) -> None:
    asked = question("t", "Ａa\u3000？", [(0, 4)])
    part = Part((table("t", {"Bb": "text"}, [("x",)], title="a題"),), (asked,))
    dataset = loaded(written.write(tmp_path / "raw", {"train": part, "test": part}))
    expected = [("a", 3), ("b", 2), (" ", 1), ("?", 1), ("題", 1)]
    assert dataset_files.characters(dataset) == expected


def test_line_separators_within_a_text_survive(tmp_path: Path) -> None:
    asked = question("houses", "甲\u2028乙\x85丙\x1c丁", [(0, 4)])
    dataset = loaded(with_train(tmp_path, asked))
    assert files.questions(dataset, "train")[1].text == asked["question"]


def test_examples_are_few_short_and_printable(tmp_path: Path) -> None:
    unknown = "\x1b[31m" + "长" * 300
    asked = (question("houses", f"甲{i}", [(0, 0)], [(0, 2, unknown)]) for i in range(9))
    examples = notes(with_train(tmp_path, *asked))["value_not_found"]
    assert len(examples) == 5
    assert all(len(one) < 140 and one.isprintable() for one in examples)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the competition's own data")
def test_real_files_hold_what_is_known_of_them() -> None:
    found = data.count(Data(root=str(REAL)))
    counts = found["counts"]
    assert (counts["train"], counts["validation"], counts["test"]) == (12272, 1304, 1863)
    assert (counts["train tables"], counts["validation tables"], counts["test tables"]) == (844, 243, 240)
    kinds = {note["kind"] for note in found["notes"]}
    assert not kinds & {"validation_leak", "no_conditions", "changed_table", "number_value", "real_empty"}
