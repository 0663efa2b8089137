"""Raw files of classifications: CSV files and images, with the place of every problem."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.core.errors import InvalidData
from tasks.learning.classification import csv_files, image_files


def table(root: Path, text: str, *required: str) -> csv_files.CsvFile:
    (root / "train.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    return csv_files.read(root, "train.csv", required=required or ("id", "label"))


def test_a_table_is_read_with_marks_quotes_and_line_ends_of_all_kinds(tmp_path: Path) -> None:
    found = table(tmp_path, '\ufeffid,label,text\r\n1,a,"x, ""y""\nz"\r\n\r\n2,b,ü\r\n')
    assert found.rows == [["1", "a", 'x, "y"\nz'], ["2", "b", "ü"]]
    assert found.lines == [3, 5]
    assert found.column("label") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "train.csv:1: expected a column id, received nothing"),
        ("id,kind\n1,a\n", "train.csv:1: expected a column label, received id, kind"),
        ("id,label,label\n1,a,b\n", "train.csv:1: expected columns of different names"),
        ("id,label\n", "train.csv: expected at least one record, received none"),
        ("id,label\n1,a\n2\n", "train.csv:3: expected 2 values, received 1"),
        ("id,label\n1,a\n1,b\n", "train.csv:3: expected each id once, received 1 again, after line 2"),
        ("id,label\n1,\n", "train.csv:2: expected a value of label, received none"),
        ('id,label\n1,"a\n', "train.csv:2: expected values with commas between them"),
        ("id,label\n1,a\n2,\0\n", "train.csv:3: expected text in UTF-8, received a NUL byte"),
        ("id,label\n1,\udcfc\n", "train.csv:2: expected text in UTF-8, received byte 0xfc"),
    ],
)
def test_problems_name_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidData) as error:
        table(tmp_path, text)
    assert message in str(error.value)


def test_a_row_has_no_more_bytes_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = "ä" * 200_000  # beyond what Python's reader takes by itself
    assert table(tmp_path, f"id,label\n1,{longer}\n").rows == [["1", longer]]
    monkeypatch.setenv("PODIUM_MOST_LINE_BYTES", "20")
    assert len(table(tmp_path, "id,label\n" + "".join(f"{n},{'ä' * 6}\n" for n in range(99))).rows) == 99
    for text in ("id,label\n1,a\n2," + "ä" * 9 + "\n", 'id,label\n1,a\n2,"' + "\n" * 30 + '"\n'):
        expected = "expected a row of at most 20 bytes (PODIUM_MOST_LINE_BYTES), received a longer one"
        with pytest.raises(InvalidData) as error:
            table(tmp_path, text)
        assert expected in str(error.value)


def test_numbers_may_be_missing_but_not_be_texts(tmp_path: Path) -> None:
    found = table(tmp_path, "id,label,a,b\n1,x,1.5,\n2,y,-3e2,NA\n3,y,0,7\n")
    assert csv_files.numbers(found, ["a", "b"]) == {"a": [1.5, -300.0, 0.0], "b": [None, None, 7.0]}
    found = table(tmp_path, "id,label,a\n1,x,red\n2,x,inf\n3,x,1\n")
    with pytest.raises(InvalidData) as error:
        csv_files.numbers(found, ["a"])
    assert [problem.line for problem in error.value.problems] == [2, 3]


def draw(file: Path, size: tuple[int, int] = (12, 8), mode: str = "RGB") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, 200 if mode == "L" else None).save(file)


def test_a_folder_for_each_label(tmp_path: Path) -> None:
    draw(tmp_path / "train" / "Kätzchen" / "1.png")
    draw(tmp_path / "train" / "dog" / "1.JPG", mode="L")
    (tmp_path / "train" / "dog" / "notes.txt").touch()
    draw(tmp_path / "test" / "b.png")
    draw(tmp_path / "test" / "a.png")
    found = image_files.find(tmp_path, "train")
    assert [(image.id, image.label) for image in found] == [("Kätzchen/1", "Kätzchen"), ("dog/1", "dog")]
    assert [(image.id, image.label) for image in image_files.find(tmp_path, "test")] == [
        ("a", None),
        ("b", None),
    ]
    out = np.zeros((2, 8, 8, 3), np.uint8)
    image_files.read(found, 8, out)
    assert out[0].max() == 0
    assert out[1].min() > 190


def test_a_csv_file_of_labels(tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        draw(tmp_path / "train" / f"{name}.png")
        draw(tmp_path / "test" / f"{name}x.png")
    (tmp_path / "train.csv").write_text("id,label\n2,dog\n1.png,cat\n")
    (tmp_path / "test.csv").write_text("id\n3x\n1x\n2x\n")
    assert [(each.id, each.label) for each in image_files.find(tmp_path, "train")] == [
        ("2", "dog"),
        ("1.png", "cat"),
    ]
    assert [each.id for each in image_files.find(tmp_path, "test")] == ["3x", "1x", "2x"]
    (tmp_path / "train.csv").write_text("id,label\n2,dog\n9,cat\n")
    with pytest.raises(InvalidData, match=r"train.csv:3: expected an image train/9 with an ending"):
        image_files.find(tmp_path, "train")


def test_missing_folders_and_files_that_are_no_images(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="expected a folder of images, received nothing of this name"):
        image_files.find(tmp_path, "train")
    (tmp_path / "train").mkdir()
    with pytest.raises(InvalidData, match="expected a folder of images for each label, received none"):
        image_files.find(tmp_path, "train")
    (tmp_path / "train" / "cat").mkdir()
    (tmp_path / "train" / "cat" / "1.png").write_bytes(b"no image")
    draw(tmp_path / "train" / "cat" / "2.png")
    with pytest.raises(InvalidData, match=r"1\.png: expected a photograph \(JPEG, PNG"):
        image_files.read(image_files.find(tmp_path, "train"), 8, np.zeros((2, 8, 8, 3), np.uint8))


def test_images_are_repaired_with_a_note_and_refused_beyond_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path / "train" / "cat" / "1.png", mode="L")
    Image.new("RGBA", (9, 9)).save(tmp_path / "train" / "cat" / "2.png")
    images, out = image_files.find(tmp_path, "train"), np.zeros((2, 8, 8, 3), np.uint8)
    notes = image_files.read(images, 8, out)
    assert [(note["kind"], note["examples"]) for note in notes] == [("grey", ["cat/1"]), ("alpha", ["cat/2"])]
    assert out[1].min() == 255
    monkeypatch.setenv("PODIUM_MOST_PIXELS", "90")
    with pytest.raises(
        InvalidData, match=r"1\.png: .*at most 90 pixels \(PODIUM_MOST_PIXELS\), received 12 by 8"
    ):
        image_files.read(images, 8, out)
