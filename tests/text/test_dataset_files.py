from pathlib import Path

from tasks.text import dataset_files

AWKWARD = [{"text": "\u2028a\x85\n石"}, {"text": ""}, {"text": "😊\r"}]


def test_lines_come_back_whatever_characters_they_hold(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    dataset_files.write_lines(file, AWKWARD)
    assert file.read_bytes() == "".join(dataset_files.line(value) for value in AWKWARD).encode()
    assert list(dataset_files.records(tmp_path, "train")) == AWKWARD
    assert dataset_files.count(tmp_path, "train") == len(AWKWARD)


def test_a_value_comes_back_and_always_has_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    dataset_files.write(file, AWKWARD)
    assert dataset_files.read(file) == AWKWARD
    assert file.read_bytes().startswith(b'[\n {\n  "text": "')
    assert b"\r\n" not in file.read_bytes()
