"""The written corpus: its format, its traps, and that writing it again changes nothing."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks.core.errors import InvalidSettings
from tasks.extraction import demo

SMALL: dict[str, Any] = {"sentences": 40, "extra": 12, "validation": 16, "test": 14}
ROOT = Path(__file__).parents[2]
Line = dict[str, Any]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "extraction"
    demo.write(folder, **SMALL, answers=folder.parent / "answers.json")
    return folder


def lines(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def parts(root: Path) -> dict[str, list[Line]]:
    return {part: lines(root / file) for part, file in demo.FILES.items()}


def triples(line: Line) -> set[tuple[str, str, str]]:
    return {(triple["subject"], triple["predicate"], triple["object"]) for triple in line["spo_list"]}


def contents(root: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(root.iterdir())}


def test_each_part_has_the_asked_sentences_and_training_one_more(root: Path) -> None:
    counts = {part: len(lines) for part, lines in parts(root).items()}
    assert counts == {"train": 41, "extra": 12, "validation": 16, "test": 14}


def test_each_part_has_the_keys_of_the_official_file(root: Path) -> None:
    everything = ["postag", "text", "spo_list"]
    keys = {part: {tuple(line) for line in lines} for part, lines in parts(root).items()}
    assert keys == {
        "train": {tuple(everything)},
        "extra": {("text", "spo_list")},
        "validation": {tuple(everything)},
        "test": {("postag", "text")},
    }


def test_the_schema_has_a_predicate_in_two_rows(root: Path) -> None:
    rows = lines(root / "all_50_schemas")
    assert all(row.keys() == {"subject_type", "predicate", "object_type"} for row in rows)
    assert [count for count in Counter(row["predicate"] for row in rows).values() if count > 1] == [2]


def test_no_text_comes_twice_but_one_which_also_repeats_a_triple(root: Path) -> None:
    texts = Counter(line["text"] for lines in parts(root).values() for line in lines)
    *train, last = parts(root)["train"]
    assert [text for text, count in texts.items() if count > 1] == [last["text"]]
    (first,) = [line for line in train if line["text"] == last["text"]]
    assert triples(first) == triples(last)
    assert len(last["spo_list"]) == len(first["spo_list"]) + 1


def test_answers_are_the_test_sentences_with_their_triples(root: Path) -> None:
    answers = lines(root.parent / "answers.json")
    assert [line["text"] for line in answers] == [line["text"] for line in parts(root)["test"]]
    assert all(line.keys() == {"text", "spo_list"} for line in answers)
    assert sum(map(bool, map(triples, answers))) > len(answers) / 2


def test_the_test_part_has_no_noise(tmp_path: Path) -> None:
    for noise in (0.0, 1.0):
        demo.write(tmp_path / f"{noise}", **SMALL, noise=noise, answers=tmp_path / f"{noise}.json")
    assert (tmp_path / "0.0.json").read_bytes() == (tmp_path / "1.0.json").read_bytes()


def test_the_same_seed_gives_the_same_bytes_in_another_process(root: Path, tmp_path: Path) -> None:
    options = [word for name, count in SMALL.items() for word in (f"--{name}", str(count))]
    command = [sys.executable, "-m", "tasks.extraction.demo", str(tmp_path / "again"), *options]
    subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONHASHSEED": "77"})
    assert contents(tmp_path / "again") == contents(root)


def test_another_seed_gives_other_sentences(root: Path, tmp_path: Path) -> None:
    demo.write(tmp_path / "other", **SMALL, seed=1)
    texts, others = (
        {line["text"] for lines in parts(folder).values() for line in lines}
        for folder in (root, tmp_path / "other")
    )
    assert not texts & others


def test_a_second_write_touches_nothing(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.iterdir()}
    demo.write(root, **SMALL)
    assert {path: path.stat().st_mtime_ns for path in root.iterdir()} == before


@pytest.mark.parametrize("other", [{"sentences": 5}, {"noise": 0.5}, {"seed": 9}])
def test_other_parameters_replace_the_whole_set(root: Path, tmp_path: Path, other: dict[str, Any]) -> None:
    folder = tmp_path / "extraction"
    demo.write(folder, **SMALL | other)
    demo.write(folder, **SMALL)
    assert contents(folder) == contents(root)
    assert [path.name for path in tmp_path.iterdir()] == ["extraction"]


def test_a_missing_or_changed_file_is_written_again(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "extraction"
    demo.write(folder, **SMALL)
    (folder / "dev_data.json").unlink()
    (folder / "train_data.json").write_text("{}\n", encoding="utf-8")
    demo.write(folder, **SMALL)
    assert contents(folder) == contents(root)


def test_a_demo_that_dies_leaves_the_old_set_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "extraction"
    demo.write(folder, **SMALL)
    before = contents(folder)
    monkeypatch.setattr(demo, "_schema_row", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        demo.write(folder, **SMALL, seed=5)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["extraction"]


def test_files_that_were_not_written_here_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "train_data.json").write_text("{}\n", encoding="utf-8")
    with pytest.raises(InvalidSettings, match="holds other files"):
        demo.write(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["train_data.json"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("sentences", 0), ("extra", -1), ("test", 0), ("noise", 1.5), ("seed", -1)],
)
def test_an_argument_out_of_bounds_is_refused(name: str, value: float, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=f"demo {name}: .* received {value}"):
        demo.write(tmp_path / "extraction", **SMALL | {name: value})
    assert not any(tmp_path.iterdir())
