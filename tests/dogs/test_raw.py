"""Every way in which raw files can be wrong: the one message names place, expectation, finding."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tasks.core.competition import Part
from tasks.core.errors import InvalidData
from tasks.dogs import data, raw
from tests.dogs.raw_files import LINES, encoded, photograph, write, write_list

LIST = raw.LIST


class Wrong(NamedTuple):
    """What is done to valid raw files, and the one problem it makes."""

    spoil: object
    file: str
    line: int | None
    expected: str
    received: str


def line_two(text: str):
    return lambda root: write_list(root, [LINES[0], text, *LINES[2:]])


def list_of(contents: bytes):
    return lambda root: (root / LIST).write_bytes(contents)


def lines_of(*lines: str):
    return lambda root: write_list(root, lines)


def without(name: str):
    def spoil(root: Path) -> None:
        place = root / name
        for file in place.glob("*") if place.is_dir() else ():
            file.unlink()
        place.rmdir() if place.is_dir() else place.unlink()

    return spoil


def emptied(name: str):
    return lambda root: [file.unlink() for file in (root / name).iterdir()]


def moved(source: str, target: str):
    def spoil(root: Path) -> None:
        (root / target).parent.mkdir(exist_ok=True)
        (root / source).rename(root / target)

    return spoil


def added(name: str, contents: bytes = b"x"):
    return lambda root: (root / name).write_bytes(contents)


def folder_at(name: str):
    def spoil(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).mkdir()

    return spoil


def link_at(name: str):
    def spoil(root: Path) -> None:
        (root / name).unlink()
        (root / name).symlink_to("nowhere")

    return spoil


COLUMNS = "`<image id> <label> <url>`"
LABEL = "a whole number from 0 as label"
ID = "an image id that can name a file"
ONE = "only one photograph of an id"

WRONG = {
    "no root": Wrong(moved("", "../away"), "", None, "a folder with", "nothing of this name"),
    "no list": Wrong(without(LIST), LIST, None, "the label list", "nothing of this name"),
    "list is a folder": Wrong(folder_at(LIST), LIST, None, "the label list", "a folder"),
    "one too high": Wrong(
        moved(LIST, f"raw/{LIST}"), LIST, None, "the label list", "raw: try --set data.root="
    ),
    "no train": Wrong(without("train"), "train", None, "a folder of photographs", "nothing"),
    "no test": Wrong(without("test"), "test", None, "a folder of photographs", "nothing"),
    "train empty": Wrong(
        emptied("train"), "train", None, "the photographs that the list names", "none (0 other"
    ),
    "test empty": Wrong(emptied("test"), "test", None, "at least one photograph", "none (0 other"),
    "list empty": Wrong(list_of(b""), LIST, None, "lines `<image id>", "an empty file (0 bytes)"),
    "list blank": Wrong(list_of(b"\r\n\n"), LIST, None, "lines `<image", "an empty file (blank lines only)"),
    "not utf-8": Wrong(
        list_of(b"a,1 3 -\nb,2 3 -\nc,3 7 \xff\nd,4 7 -"), LIST, 3, "UTF-8", "byte 0xff at byte 7"
    ),
    "utf-16": Wrong(list_of("a,1 3 -".encode("utf-16")), LIST, None, "text in UTF-8", "UTF-16"),
    "one column": Wrong(line_two("b,2"), LIST, 2, COLUMNS, "'b,2'"),
    "blank line": Wrong(line_two(""), LIST, 2, COLUMNS, "an empty line"),
    "tabs": Wrong(line_two("b,2\t3\t-"), LIST, 2, COLUMNS, "'b,2\\t3\\t-'"),
    "two spaces": Wrong(line_two("b,2  3"), LIST, 2, LABEL, "''"),
    "header": Wrong(lines_of("id label url", *LINES), LIST, 1, LABEL, "'label', a header line"),
    "word as label": Wrong(line_two("b,2 pug -"), LIST, 2, LABEL, "'pug'"),
    "fraction": Wrong(line_two("b,2 3.0 -"), LIST, 2, LABEL, "'3.0'"),
    "negative": Wrong(line_two("b,2 -3 -"), LIST, 2, LABEL, "'-3'"),
    "wide digit": Wrong(line_two("b,2 \uff13 -"), LIST, 2, LABEL, "'\uff13'"),
    "huge label": Wrong(line_two("b,2 1234567890 -"), LIST, 2, LABEL, "'1234567890'"),
    "no id": Wrong(line_two(" 3 -"), LIST, 2, ID, "'' (empty)"),
    "slash": Wrong(line_two("a/b 3 -"), LIST, 2, ID, "'a/b' (a path separator)"),
    "backslash": Wrong(line_two("a\\b 3 -"), LIST, 2, ID, "(a path separator)"),
    "dots": Wrong(line_two(".. 3 -"), LIST, 2, ID, "'..' (two dots)"),
    "zero byte": Wrong(line_two("b\0 3 -"), LIST, 2, "UTF-8", "a NUL byte"),
    "one label": Wrong(
        lines_of("a,1 3 -", "b,2 3 -"),
        LIST,
        None,
        "at least 2 different labels",
        "1 (label 3 only)",
    ),
    "a label alone": Wrong(lines_of(*LINES[:3]), LIST, 3, "at least 2 photographs of label 7", "1"),
    "alone after conflict": Wrong(
        lines_of(*LINES, "a,1 7 -"), LIST, 1, "at least 2 photographs of label 3", "1, those in con"
    ),
    "missing": Wrong(without("train/c,3.jpg"), LIST, 3, "train/c,3.jpg", "no such file"),
    "folder in train": Wrong(
        folder_at("train/c,3.jpg"), LIST, 3, "a photograph in train/c,3.jpg", "a folder"
    ),
    "folder in test": Wrong(folder_at("test/x,8.jpg"), "test/x,8.jpg", None, "a photo", "a folder"),
    "broken link": Wrong(link_at("test/x,8.jpg"), "test/x,8.jpg", None, "a photo", "a broken link"),
    "two of an id": Wrong(added("test/x,8.png"), "test/x,8.jpg", None, ONE, "x,8.jpg and x,8.png"),
    "two of a listed id": Wrong(
        added("train/b,2.PNG"), LIST, 2, f"{ONE} in train/b,2.PNG", "b,2.PNG and b,2.jpg"
    ),
    "tab in a name": Wrong(
        added("test/x\ty.jpg"), "test/x\\ty.jpg'", None, "a file name that can be an", "unprintable"
    ),
}


def find(root: Path) -> dict[Part, raw.Raw]:
    """The raw files of both parts."""
    return data.of_all_parts(lambda part: raw.find(root, part))


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_refuses_with_one_message(tmp_path, wrong):
    root = write(tmp_path / "dogs")
    wrong.spoil(root)
    with pytest.raises(InvalidData) as caught:
        find(root)
    (problem,) = caught.value.problems
    assert str(problem.file).endswith(wrong.file or str(root))
    assert problem.line == wrong.line
    assert wrong.expected in problem.expected
    assert wrong.received in problem.received


def test_all_problems_are_listed_at_once(tmp_path):
    root = write(tmp_path / "dogs")
    write_list(root, ["b,2", "a,1 x -", "c,3 7 -", "gone 7 -"])
    emptied("test")(root)
    with pytest.raises(InvalidData) as caught:
        find(root)
    assert [(Path(p.file).name, p.line) for p in caught.value.problems] == [
        (LIST, 1),
        (LIST, 2),
        (LIST, 4),
        ("test", None),
    ]


def test_root_one_folder_too_low_is_recognised(tmp_path):
    root = write(tmp_path / "dogs")
    for part in raw.PARTS:
        with pytest.raises(InvalidData, match=f"try --set data.root={root}$"):
            raw.find(root / "missing", part)
    with pytest.raises(InvalidData, match=f"try --set data.root={root}\n"):
        raw.find(root / "train", "train")
    with pytest.raises(InvalidData, match=f"test: .* try --set data.root={root}$"):
        raw.find(root / "test", "test")


def test_each_part_is_found_without_the_other(tmp_path):
    root = write(tmp_path / "dogs")
    both = find(root)
    without("test")(root)
    assert raw.find(root, "train") == both["train"]
    write(tmp_path / "other").rename(root / "whole")
    (root / "whole" / "test").rename(root / "test")
    without(LIST)(root)
    without("train")(root)
    assert raw.find(root, "test") == both["test"]
    with pytest.raises(InvalidData, match="the label list"):
        raw.find(root, "train")


def test_unreadable_list_and_folder_give_the_reason(tmp_path, monkeypatch):
    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    root = write(tmp_path / "dogs")
    for name, place in (("open", LIST), ("iterdir", "train")):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, forbidden)
            with pytest.raises(InvalidData, match=f"{place}: .* cannot be read .Permission denied"):
                raw.find(root, "train")


ACCEPTED = {
    "byte order mark": b"\xef\xbb\xbfa,1 3 -\nb,2 3 -\nc,3 7 -\nd,4 7 -\n",
    "windows line ends": b"a,1 3 -\r\nb,2 3 -\r\nc,3 7 -\r\nd,4 7 -\r\n",
    "blank lines at the end": b"a,1 3 -\nb,2 3 -\nc,3 7 -\nd,4 7 -\n\n \r\n\n",
    "no line end": b"a,1 3 -\nb,2 3 -\nc,3 7 -\nd,4 7 -",
    "two columns": b"a,1 3\nb,2 3\nc,3 7\nd,4 7\n",
    "spaces in the url": b"a,1 3 http://x/y z\nb,2 3 -\nc,3 7 -\nd,4 7 -\n",
    "another order": b"d,4 7 -\nb,2 3 -\nc,3 7 -\na,1 3 -\n",
}


@pytest.mark.parametrize("contents", ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(tmp_path, contents):
    root = write(tmp_path / "dogs")
    list_of(contents)(root)
    train, test = find(root).values()
    assert [(photo.id, photo.label) for photo in train.photos] == [
        ("a,1", 3),
        ("b,2", 3),
        ("c,3", 7),
        ("d,4", 7),
    ]
    assert [photo.name for photo in test.photos] == ["test/x,8.jpg", "test/y,9.jpg"]
    assert train.notes == test.notes == []


def test_what_is_left_out_is_noted(tmp_path):
    root = write(tmp_path / "dogs", [*LINES, "e,5 7 -"])
    write_list(root, [*LINES, "e,5 7 -", "e,5 3 -", LINES[0]])
    for name in (
        "train/stray.jpg",
        "test/b,2.jpg",
        "test/Z.PNG",
        "test/x,8,1.jpg",
        "test/.hidden.jpg",
    ):
        added(name, encoded(photograph(7)))(root)
    added("train/Thumbs.db")(root)
    train, test = find(root).values()
    assert [photo.id for photo in train.photos] == ["a,1", "b,2", "c,3", "d,4"]
    assert [photo.id for photo in test.photos] == ["Z", "b,2", "x,8", "x,8,1", "y,9"]
    assert {note["kind"]: note["examples"] for note in train.notes} == {
        "repeated": ["a,1: label 3 in line 1, label 3 in line 7"],
        "conflict": ["e,5: label 7 in line 5, label 3 in line 6"],
        "unlisted": ["train/stray.jpg"],
        "other": ["train/Thumbs.db"],
    }
    assert {note["kind"]: note["examples"] for note in test.notes} == {"other": ["test/.hidden.jpg"]}


def test_notes_have_few_examples_but_the_whole_count(tmp_path):
    root = write(tmp_path / "dogs")
    for number in range(12):
        added(f"train/stray {number}.jpg")(root)
    (note,) = raw.find(root, "train").notes
    assert note["message"] == "photographs in train/ that no line names, left out: 12"
    assert note["count"] == 12
    assert len(note["examples"]) == 5
