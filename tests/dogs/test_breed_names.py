"""Names of breeds in a report, and files of names that are none."""

import logging
from pathlib import Path

import pytest

from tasks.dogs.photographs.breed_names import breed_names, shown_breeds


def test_names_stand_before_their_labels(tmp_path: Path) -> None:
    (tmp_path / "breeds.csv").write_text("label,wnid,breed\n0,n1,cairn\n2,n2,Norwegian_elkhound\n")
    assert shown_breeds([0, 2, 5], str(tmp_path)) == ["cairn (0)", "Norwegian elkhound (2)", 5]


def test_without_a_file_breeds_are_their_labels(tmp_path: Path) -> None:
    assert shown_breeds([3, 1], str(tmp_path)) == [3, 1]
    assert shown_breeds([3, 1], "") == [3, 1]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"\xef\xbb\xbflabel,breed\n1,a\n", {1: "a"}),
        (b"breed\nx\n", {}),
        (b"label,breed\none,a\n,b\n3,\n4\n5,\xe4\xbd\xa0\n", {5: "你"}),
        (b"label,breed\n1," + b"x" * 100, {1: "x" * 40}),
        (b"", {}),
    ],
)
def test_lines_without_label_and_name_are_passed_over(
    content: bytes, names: dict[int, str], tmp_path: Path
) -> None:
    (tmp_path / "breeds.csv").write_bytes(content)
    assert breed_names(str(tmp_path)) == names


def test_a_file_that_is_no_text_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "breeds.csv").write_bytes(b"label,breed\n1,\xff\n")
    with caplog.at_level(logging.WARNING, "podium"):
        assert breed_names(str(tmp_path)) == {}
    assert "breeds.csv: expected a table of label and breed in UTF-8" in caplog.text
