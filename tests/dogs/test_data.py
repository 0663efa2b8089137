import hashlib
import logging
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tasks.core.competition import Part
from tasks.core.dataset import PartFolders
from tasks.core.dataset import notes as notes_of
from tasks.core.errors import InvalidData, UserError
from tasks.dogs import data, overlap, raw
from tasks.dogs import dataset as dataset_files
from tasks.dogs.config import Data
from tasks.dogs.photographs import photograph_checks
from tests.dogs.raw_files import LINES, encoded, photograph, write, write_list

REAL = Path(__file__).parents[3] / "shared" / "data" / "dogs"


def settings(root: Path, **changes) -> Data:
    return Data(**{"root": str(root), "size_pixels": 32, "duplicate_distance": 4, **changes})


def loaded(root: Path, folder: Path, *, workers: int = 2, **changes) -> Path:
    folder.mkdir()
    for part in raw.PARTS:
        data.load(settings(root, **changes), part, folder, workers=workers)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def notes(dataset: Path) -> dict[str, list[str]]:
    found = notes_of(dataset, raw.PARTS)["notes"] + overlap.overlap(dataset)
    return {note["kind"]: note["examples"] for note in found}


def with_twins(root: Path) -> Path:
    """Raw files in which a,1 and c,3 show one dog, and so do b,2 and the test's y,9."""
    write(root)
    (root / "train" / "c,3.jpg").write_bytes(encoded(photograph(0), quality=50))
    (root / "test" / "y,9.jpg").write_bytes(encoded(photograph(1).resize((80, 60))))
    return root


def test_dataset_can_be_read_back(tmp_path):
    dataset = loaded(write(tmp_path / "dogs"), tmp_path / "dataset")
    assert dataset_files.train_records(dataset) == [
        {"id": "a,1", "label": 3, "group": 0},
        {"id": "b,2", "label": 3, "group": 1},
        {"id": "c,3", "label": 7, "group": 2},
        {"id": "d,4", "label": 7, "group": 3},
    ]
    assert dataset_files.ids(dataset, "train") == ["a,1", "b,2", "c,3", "d,4"]
    assert dataset_files.ids(dataset, "validation") == []
    assert dataset_files.ids(dataset, "test") == ["x,8", "y,9"]
    assert dataset_files.classes(dataset) == [3, 7]
    assert dataset_files.targets(dataset).tolist() == [0, 0, 1, 1]
    assert dataset_files.targets(dataset).dtype == np.int64
    parts: dict[Part, int] = {"train": 4, "test": 2}
    for part, number in parts.items():
        photos = dataset_files.photos(dataset, part)
        assert photos.shape == (number, 32, 32, 3)
        assert photos.dtype == np.uint8
        assert isinstance(photos, np.memmap)


@pytest.mark.parametrize("fit", ["crop", "squash"])
def test_rows_are_the_photographs_of_their_ids(tmp_path, fit):
    dataset = loaded(write(tmp_path / "dogs"), tmp_path / "dataset", fit=fit)
    box = (5, 0, 35, 30) if fit == "crop" else None
    parts: dict[Part, range] = {"train": range(4), "test": range(100, 102)}
    for part, seeds in parts.items():
        for row, seed in zip(dataset_files.photos(dataset, part), seeds, strict=True):
            expected = photograph(seed).resize((32, 32), Image.Resampling.LANCZOS, box=box)
            assert np.abs(row.astype(float) - np.asarray(expected, float)).mean() < 10


def test_fold_key_has_breeds_and_groups(tmp_path):
    key = dataset_files.fold_key(loaded(with_twins(tmp_path / "dogs"), tmp_path / "dataset"))
    assert key.ids == ["a,1", "b,2", "c,3", "d,4"]
    assert key.strata.tolist() == [0, 0, 1, 1]
    assert key.groups.tolist() == [0, 1, 0, 3]
    assert key.strata.dtype == key.groups.dtype == np.int64


def test_near_duplicates_are_grouped_and_noted(tmp_path):
    dataset = loaded(with_twins(tmp_path / "dogs"), tmp_path / "dataset")
    assert notes(dataset) == {
        "near_duplicates": ["train/a,1.jpg, train/c,3.jpg"],
        "doubtful": ["train/a,1.jpg, train/c,3.jpg (labels 3, 7)"],
        "test_duplicates": ["test/y,9.jpg and train/b,2.jpg"],
    }


def test_plain_photographs_are_not_grouped(tmp_path):
    root = write(tmp_path / "dogs")
    for name in ("a,1", "d,4"):
        (root / "train" / f"{name}.jpg").write_bytes(encoded(Image.new("RGB", (30, 30), "grey")))
    dataset = loaded(root, tmp_path / "dataset")
    assert dataset_files.fold_key(dataset).groups.tolist() == [0, 1, 2, 3]
    assert notes(dataset) == {"plain": ["train/a,1.jpg", "train/d,4.jpg"]}


def test_conflicting_lines_drop_the_photograph(tmp_path):
    root = write(tmp_path / "dogs", [*LINES, "e,5 7 -"])
    write_list(root, [*LINES, "e,5 7 -", "e,5 3 -"])
    dataset = loaded(root, tmp_path / "dataset")
    assert "e,5" not in dataset_files.fold_key(dataset).ids
    assert len(dataset_files.photos(dataset, "train")) == 4
    assert notes(dataset)["conflict"] == ["e,5: label 7 in line 5, label 3 in line 6"]


def test_repairs_are_noted(tmp_path):
    root = write(tmp_path / "dogs")
    (root / "train" / "a,1.jpg").write_bytes(encoded(photograph(0).convert("L"), "PNG"))
    dataset = loaded(root, tmp_path / "dataset")
    assert notes(dataset) == {"format": ["train/a,1.jpg"], "grey": ["train/a,1.jpg"]}
    row = dataset_files.photos(dataset, "train")[0]
    assert np.array_equal(row[..., 0], row[..., 2])


def test_damaged_exif_neither_refuses_nor_warns(tmp_path):
    root = write(tmp_path / "dogs")
    damaged = encoded(photograph(0), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    (root / "train" / "a,1.jpg").write_bytes(damaged)
    assert data.count(settings(root))["notes"] == []


def test_bytes_do_not_depend_on_place_order_or_workers(tmp_path, monkeypatch):
    root = with_twins(tmp_path / "dogs")
    first = digests(loaded(root, tmp_path / "first", workers=1))
    monkeypatch.chdir(tmp_path)
    root.rename("elsewhere")
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: reversed(sorted(listed(self))))
    second = loaded(Path("elsewhere"), tmp_path / "second", workers=4)
    monkeypatch.undo()
    assert len(first) == 10
    assert digests(second) == first


def test_bytes_do_not_depend_on_the_order_of_lines(tmp_path):
    root = with_twins(tmp_path / "dogs")
    first = digests(loaded(root, tmp_path / "first"))
    write_list(root, reversed(LINES))
    assert digests(loaded(root, tmp_path / "second")) == first


def test_every_unusable_photograph_is_listed(tmp_path):
    root = write(tmp_path / "dogs")
    (root / "train" / "d,4.jpg").write_bytes(b"")
    (root / "train" / "b,2.jpg").write_bytes(encoded(photograph(0))[:-50])
    (root / "test" / "x,8.jpg").write_bytes(encoded(photograph(0, width=3)))
    with pytest.raises(InvalidData) as caught:
        data.count(settings(root))
    listed = root / "data_train_image.txt"
    broken, empty, small = map(str, caught.value.problems)
    assert broken.startswith(f"{listed}:2: expected a whole JPEG photograph in train/b,2.jpg, rec")
    assert empty == (f"{listed}:4: expected a photograph in train/d,4.jpg, received an empty file (0 bytes)")
    assert small == (
        f"{root / 'test' / 'x,8.jpg'}: expected at least 8 pixels on each side, received 3 by 30 pixels"
    )


def test_missing_photographs_are_reported_before_any_is_decoded(tmp_path, monkeypatch):
    root = write(tmp_path / "dogs")
    (root / "train" / "d,4.jpg").unlink()
    monkeypatch.setattr(photograph_checks.read_and_crop, "read", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InvalidData, match=r"txt:4: expected train/d,4\.jpg, received no such file"):
        data.count(settings(root))


def test_problems_of_both_parts_are_reported_at_once(tmp_path):
    root = write(tmp_path / "dogs")
    (root / "train" / "d,4.jpg").unlink()
    (root / "test" / "x,8.png").write_bytes(b"x")
    with pytest.raises(InvalidData) as caught:
        data.count(settings(root))
    assert [Path(problem.file).name for problem in caught.value.problems] == [raw.LIST, "x,8.jpg"]
    with pytest.raises(InvalidData) as caught:
        data.count(settings(tmp_path / "nowhere"))
    assert len(caught.value.problems) == 1


def test_count_tells_what_load_writes_and_writes_nothing(tmp_path):
    root = with_twins(tmp_path / "dogs")
    before = sorted(tmp_path.rglob("*"))
    summary = data.count(settings(root))
    assert sorted(tmp_path.rglob("*")) == before
    assert summary["counts"] == {"train": 4, "test": 2, "classes": 2, "groups": 3, "grouped": 2}
    assert list(summary["counts"]) == list(data.COUNTS)
    dataset = loaded(root, tmp_path / "dataset")
    written = notes_of(dataset, raw.PARTS)
    assert written["counts"] == summary["counts"]
    assert [*written["notes"], *overlap.overlap(dataset)] == summary["notes"]


def test_each_part_is_loaded_from_its_own_files_and_settings(tmp_path):
    root = with_twins(tmp_path / "dogs")
    whole = digests(loaded(root, tmp_path / "dataset"))
    found = {}
    for part in raw.PARTS:
        alone = tmp_path / f"only {part}"
        for name in settings(root).files_of(part):
            alone.mkdir(exist_ok=True)
            copy = shutil.copytree if (root / name).is_dir() else shutil.copyfile
            copy(root / name, alone / name)
        folder = tmp_path / part
        folder.mkdir()
        other = {} if "duplicate_distance" in settings(root).options_of(part) else {"duplicate_distance": 16}
        data.load(settings(alone, **other), part, folder)
        found[part] = digests(folder)
    common = {"classes.json"}
    assert all(name.startswith("test") for name in found["test"])
    assert all(name.startswith("train") for name in found["train"].keys() - common)
    assert found["train"] | found["test"] == whole


def test_parts_are_decided_by_their_files_and_options():
    made = Data(root="data", size_pixels=32, fit="squash", duplicate_distance=3)
    assert (made.files_of("train"), made.files_of("test")) == (("data_train_image.txt", "train"), ("test",))
    assert made.options_of("test") == {"size_pixels": 32, "fit": "squash"}
    assert made.options_of("train") == {"size_pixels": 32, "fit": "squash", "duplicate_distance": 3}


def test_overlap_is_found_across_folders_of_parts(tmp_path):
    root = with_twins(tmp_path / "dogs")
    (root / "test" / "a,1.PNG").write_bytes(encoded(photograph(60), "PNG"))
    folders = {part: tmp_path / part for part in raw.PARTS}
    for part, folder in folders.items():
        folder.mkdir()
        data.load(settings(root), part, folder)
    found = overlap.overlap(PartFolders.of(*folders.values()))
    assert [(note["message"], note["examples"]) for note in found] == [
        ("test photographs with the id of a training photograph: 1", ["test/a,1.PNG"]),
        (
            "test photographs nearly the same as a training photograph: 1",
            ["test/y,9.jpg and train/b,2.jpg"],
        ),
    ]


def test_overlap_goes_by_the_distance_that_groups_training_photographs(tmp_path):
    root = write(tmp_path / "dogs")
    darker = photograph(1).point(lambda value: value * 0.6 + 20).resize((34, 30))
    (root / "test" / "y,9.jpg").write_bytes(encoded(darker, quality=20))
    kinds = [notes(loaded(root, tmp_path / f"at {bits}", duplicate_distance=bits)) for bits in (0, 16)]
    assert [list(found) for found in kinds] == [[], ["test_duplicates"]]


def test_a_full_disk_is_reported_before_anything_is_decoded(tmp_path, monkeypatch):
    root = write(tmp_path / "dogs")
    monkeypatch.setattr(data.shutil, "disk_usage", lambda _: SimpleNamespace(free=4 * 32 * 96 - 1))
    with pytest.raises(UserError, match=r"expected 12,288 bytes free .*, received 12,287;"):
        loaded(root, tmp_path / "dataset")
    assert list((tmp_path / "dataset").iterdir()) == []


def test_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    write(tmp_path / "dogs")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data.count(settings(Path("~/dogs")))["counts"]["train"] == 4


def test_progress_tells_rate_and_time_left(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(photograph_checks, "_PROGRESS_SECONDS", 0.0)
    with caplog.at_level(logging.INFO, "podium"):
        data.count(settings(write(tmp_path / "dogs")))
    assert caplog.messages[0].startswith("train photographs: 1 of 4, ")
    assert caplog.messages[-1].startswith("test photographs: 2 of 2, ")
    assert caplog.messages[-1].endswith(" a second, 0 s left")


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="no real photographs here")
def test_real_photographs_are_valid():
    counts = data.count(Data(root=str(REAL)))["counts"]
    assert (counts["train"], counts["test"], counts["classes"]) == (4400, 1520, 100)
