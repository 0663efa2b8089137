from collections.abc import Callable
from pathlib import Path

import pytest

from tests.extraction.mutations import lacks, put, value
from tests.nl2sql import written

QUESTIONS, TABLES = "train/train.json", "train/train.tables.json"

HARMLESS: list[tuple[str, str, Callable[[Path], object]]] = [
    (
        "Windows line ends",
        QUESTIONS,
        lambda file: file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n")),
    ),
    ("a byte order mark", TABLES, lambda file: file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())),
    ("no line feed at the end", QUESTIONS, lambda file: file.write_bytes(file.read_bytes().rstrip())),
    ("blank lines at the end", TABLES, lambda file: file.write_bytes(file.read_bytes() + b"\n \r\n")),
    ("escapes", QUESTIONS, value(1, lambda parsed: None)),
    ("other keys of a table", TABLES, put(1, "common", to={"page": 3})),
    ("other keys of a question", QUESTIONS, put(1, "source", to="x")),
    ("no name", TABLES, lacks(2, "name")),  # Table_<id>, as it was
    ("null as name", TABLES, put(2, "name", to=None)),
]


@pytest.mark.parametrize(("file", "mutate"), [case[1:] for case in HARMLESS], ids=[c[0] for c in HARMLESS])
def test_harmless_differences_change_nothing(
    file: str, mutate: Callable[[Path], object], tmp_path: Path
) -> None:
    root = written.write(tmp_path / "raw")
    before = loaded(root, tmp_path / "before")
    mutate(root / file)
    assert loaded(root, tmp_path / "after") == before


def loaded(root: Path, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    written.load(root, folder)
    return {file.name: file.read_bytes() for file in folder.iterdir()}
