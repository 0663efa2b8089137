"""The written tables and questions: their format, and that writing them again changes nothing."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.core.errors import InvalidSettings
from tasks.nl2sql import demo

SMALL: dict[str, Any] = {"tables": 12, "questions": 40, "validation": 16, "test": 14}
ROOT = Path(__file__).parents[2]
Line = dict[str, Any]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "nl2sql"
    demo.write(folder, **SMALL, answers=folder.parent / "answers.json")
    return folder


def lines(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def questions(root: Path) -> dict[str, list[Line]]:
    return {part: lines(root / part / f"{part}.json") for part in demo.PARTS}


def tables(root: Path) -> dict[str, dict[str, Line]]:
    files = {part: root / part / f"{part}.tables.json" for part in demo.PARTS}
    return {part: {line["id"]: line for line in lines(file)} for part, file in files.items()}


def contents(root: Path) -> dict[str, str]:
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_each_part_has_the_asked_questions(root: Path) -> None:
    assert {part: len(found) for part, found in questions(root).items()} == {
        "train": 40,
        "val": 16,
        "test": 14,
    }


def test_each_part_has_the_keys_of_the_official_files(root: Path) -> None:
    keys = {part: {frozenset(line) for line in found} for part, found in questions(root).items()}
    everything = frozenset(("question", "table_id", "sql"))
    assert keys == {"train": {everything}, "val": {everything}, "test": {everything - {"sql"}}}
    for line in questions(root)["train"]:
        assert list(line["sql"]) == ["sel", "agg", "cond_conn_op", "conds"]
    for found in tables(root).values():
        for table in found.values():
            assert list(table) == ["id", "name", "title", "header", "types", "rows"]


def test_half_of_the_tables_of_validation_and_test_are_new(root: Path) -> None:
    found = {part: set(ids) for part, ids in tables(root).items()}
    assert {part: len(ids) for part, ids in found.items()} == {"train": 8, "val": 4, "test": 4}
    assert len(found["val"] & found["train"]) == len(found["test"] & found["train"]) == 2
    assert not found["val"] & found["test"]
    assert len(found["train"] | found["val"] | found["test"]) == SMALL["tables"]


def test_every_table_is_asked_about_and_no_other(root: Path) -> None:
    for part, found in questions(root).items():
        assert {line["table_id"] for line in found} == set(tables(root)[part])


def test_a_table_is_the_same_in_every_part(root: Path) -> None:
    found = tables(root)
    for part in ("val", "test"):
        assert all(found["train"].get(id, table) == table for id, table in found[part].items())


def test_answers_are_the_test_questions_with_their_queries(root: Path) -> None:
    answers = lines(root.parent / "answers.json")
    assert [line["question"] for line in answers] == [line["question"] for line in questions(root)["test"]]
    assert all("sql" in line for line in answers)


def test_the_same_seed_gives_the_same_bytes_in_another_process(root: Path, tmp_path: Path) -> None:
    options = [word for name, count in SMALL.items() for word in (f"--{name}", str(count))]
    command = [sys.executable, "-m", "tasks.nl2sql.demo", str(tmp_path / "again"), *options]
    subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONHASHSEED": "77"})
    assert contents(tmp_path / "again") == contents(root)


def test_another_seed_gives_other_tables(root: Path, tmp_path: Path) -> None:
    demo.write(tmp_path / "other", **SMALL, seed=1)
    one, other = tables(root)["train"], tables(tmp_path / "other")["train"]
    assert all(one[id]["rows"] != other[id]["rows"] for id in one)


def test_a_second_write_touches_nothing(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    demo.write(root, **SMALL)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("other", [{"questions": 5}, {"tables": 6}, {"seed": 9}])
def test_other_parameters_replace_the_whole_set(root: Path, tmp_path: Path, other: dict[str, Any]) -> None:
    folder = tmp_path / "nl2sql"
    demo.write(folder, **SMALL | other)
    demo.write(folder, **SMALL)
    assert contents(folder) == contents(root)
    assert [path.name for path in tmp_path.iterdir()] == ["nl2sql"]


def test_a_missing_or_changed_file_is_written_again(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "nl2sql"
    demo.write(folder, **SMALL)
    (folder / "val" / "val.json").unlink()
    (folder / "train" / "train.json").write_text("{}\n", encoding="utf-8")
    demo.write(folder, **SMALL)
    assert contents(folder) == contents(root)


def test_a_demo_that_dies_leaves_the_old_set_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "nl2sql"
    demo.write(folder, **SMALL)
    before = contents(folder)
    # the third table fails, when two tables are written with their questions
    make = demo.make_table
    monkeypatch.setattr(
        demo, "make_table", lambda number, *rest: make(number, *rest) if number < 2 else 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        demo.write(folder, **SMALL, seed=5)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["nl2sql"]


def test_files_that_were_not_written_here_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text("{}\n", encoding="utf-8")
    with pytest.raises(InvalidSettings, match="holds other files"):
        demo.write(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["train.json"]


@pytest.mark.parametrize(
    ("name", "value"), [("tables", 2), ("questions", 0), ("validation", 0), ("test", -1), ("seed", -1)]
)
def test_an_argument_out_of_bounds_is_refused(name: str, value: int, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=f"demo {name}: .* received {value}"):
        demo.write(tmp_path / "nl2sql", **SMALL | {name: value})
    assert not any(tmp_path.iterdir())


def test_another_contest_has_the_same_tables_but_for_types_and_other_questions(
    root: Path, tmp_path: Path
) -> None:
    demo.write(tmp_path / "varied", **SMALL, contest="varied")
    same = ("id", "name", "title", "header")
    standard, varied = tables(root)["train"], tables(tmp_path / "varied")["train"]
    assert {id: [each[key] for key in same] for id, each in standard.items()} == {
        id: [each[key] for key in same] for id, each in varied.items()
    }
    as_text = [each["types"].count("text") for each in varied.values()]
    assert sum(as_text) > sum(each["types"].count("text") for each in standard.values())
    one, other = questions(root)["train"], questions(tmp_path / "varied")["train"]
    assert (
        sum(not line["sql"]["conds"] for line in one) == 0 < sum(not line["sql"]["conds"] for line in other)
    )


def test_an_unknown_contest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="demo contest: expected one of standard, varied, received 'x'"):
        demo.write(tmp_path / "nl2sql", **SMALL, contest="x")
    assert not any(tmp_path.iterdir())


def test_tables_are_made_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each table is written before the next one is made, so that any number takes the memory of one."""
    events: list[str] = []
    make, line = demo.make_table, demo.dataset_files.line

    def made(number: int, *arguments: Any) -> Any:
        events.append("made")
        return make(number, *arguments)

    def written(record: Line) -> str:
        events.append("written" if "rows" in record else "question")
        return line(record)

    monkeypatch.setattr(demo, "make_table", made)
    monkeypatch.setattr(demo.dataset_files, "line", written)
    demo.write(tmp_path / "nl2sql", **SMALL)
    steps = [event for event in events if event != "question"]
    assert steps == ["made", "written"] * (len(steps) // 2)
    assert len(steps) // 2 >= SMALL["tables"]
