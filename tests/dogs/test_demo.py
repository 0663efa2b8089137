"""The drawn data set: its format, its traps, and that drawing again changes nothing."""

import csv
import hashlib
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.core.errors import InvalidSettings
from tasks.dogs import demo, demo_drawings

SMALL: dict[str, Any] = {"breeds": 3, "photographs": 4, "test_photographs": 7, "size_pixels": 48}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "dogs"
    demo.write(folder, **SMALL)
    return folder


def listing(root: Path) -> list[tuple[str, int]]:
    lines = (root / "data_train_image.txt").read_text(encoding="utf-8").splitlines()
    return [(line.split(" ")[0], int(line.split(" ")[1])) for line in lines]


def labels_by_id(root: Path) -> dict[str, list[int]]:
    labels: dict[str, list[int]] = {}
    for image_id, label in listing(root):
        labels.setdefault(image_id, []).append(label)
    return labels


def contents(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_line_has_an_id_with_a_comma_a_label_in_range_and_a_url(root: Path) -> None:
    for line in (root / "data_train_image.txt").read_text(encoding="utf-8").splitlines():
        image_id, label, url = line.split(" ")
        assert all(part.isdigit() for part in image_id.split(",", maxsplit=1))
        assert 0 <= int(label) <= 133
        assert url.startswith("https://")


def test_listed_photographs_are_the_files_of_train(root: Path) -> None:
    assert {path.stem for path in (root / "train").iterdir()} == labels_by_id(root).keys()


def test_test_photographs_are_listed_nowhere(root: Path) -> None:
    test_ids = {path.stem for path in (root / "test").iterdir()}
    assert len(test_ids) == SMALL["test_photographs"]
    assert not test_ids & labels_by_id(root).keys()


def test_labels_of_the_default_breeds_have_gaps() -> None:
    labels = sorted(demo._plan({"breeds": 10, "photographs": 1, "test_photographs": 1, "seed": 0}).breeds)
    assert len(labels) == 10
    assert labels != list(range(10))


def test_one_photograph_is_listed_twice_and_one_is_contradicted(root: Path) -> None:
    repeated = [labels for labels in labels_by_id(root).values() if len(labels) > 1]
    assert sorted(len(set(labels)) for labels in repeated) == [1, 2]


def test_without_the_contradicted_one_each_breed_has_its_photographs_and_one_has_a_copy(
    root: Path,
) -> None:
    kept = [labels[0] for labels in labels_by_id(root).values() if len(set(labels)) == 1]
    assert sorted(Counter(kept).values()) == [4, 4, 5]


def test_one_pair_of_photographs_is_nearly_equal(root: Path) -> None:
    small = {}
    for path in (root / "train").iterdir():
        with Image.open(path) as image:
            small[path.stem] = np.asarray(image.convert("L").resize((8, 8)), np.float32)
    close = [pair for pair in combinations(small, 2) if np.abs(small[pair[0]] - small[pair[1]]).mean() < 12]
    assert len(close) == 1
    first, second = close[0]
    assert labels_by_id(root)[first] == labels_by_id(root)[second]
    assert (root / "train" / f"{first}.jpg").read_bytes() != (root / "train" / f"{second}.jpg").read_bytes()


def test_photographs_have_several_shapes_and_the_requested_shorter_side(root: Path) -> None:
    sizes = set()
    for path in (root / "train").iterdir():
        with Image.open(path) as image:
            sizes.add(image.size)
    assert {min(size) for size in sizes} == {48}
    assert len({width > height for width, height in sizes}) == 2


def test_the_same_seed_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    demo.write(tmp_path / "again", **SMALL)
    assert contents(tmp_path / "again") == contents(root)


def test_another_seed_gives_other_photographs(root: Path, tmp_path: Path) -> None:
    demo.write(tmp_path / "other", **SMALL, seed=1)
    assert not set(contents(tmp_path / "other").values()) & set(contents(root).values())


def test_a_second_write_touches_nothing(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    demo.write(root, **SMALL)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_missing_photograph_is_drawn_again(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dogs"
    demo.write(folder, **SMALL)
    next((folder / "train").iterdir()).unlink()
    demo.write(folder, **SMALL)
    assert contents(folder) == contents(root)


def test_other_parameters_replace_the_whole_set(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dogs"
    demo.write(folder, **SMALL | {"photographs": 2})
    demo.write(folder, **SMALL)
    assert contents(folder) == contents(root)
    assert [path.name for path in tmp_path.iterdir()] == ["dogs"]


def test_a_demo_that_dies_leaves_the_old_set_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "dogs"
    demo.write(folder, **SMALL)
    before = contents(folder)
    monkeypatch.setattr(demo, "_write_copy", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        demo.write(folder, **SMALL, seed=5)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["dogs"]


def test_files_that_were_not_drawn_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "data_train_image.txt").write_text("1,2 3 -\n", encoding="utf-8")
    with pytest.raises(InvalidSettings, match="holds other files"):
        demo.write(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["data_train_image.txt"]


def test_answers_name_every_test_photograph_and_are_written_even_if_the_data_are_there(
    root: Path, tmp_path: Path
) -> None:
    demo.write(root, **SMALL, answers=tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["image_id"] for row in rows} == {path.stem for path in (root / "test").iterdir()}
    assert {int(row["label"]) for row in rows} == {label for _, label in listing(root)}


@pytest.mark.parametrize(
    ("name", "value"),
    [("breeds", 1), ("breeds", 135), ("photographs", 0), ("size_pixels", 8), ("seed", -1)],
)
def test_an_argument_out_of_bounds_is_refused(name: str, value: int, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=f"demo {name}: .* received {value}"):
        demo.write(tmp_path / "dogs", **SMALL | {name: value})


def test_average_colors_do_not_tell_the_breed() -> None:
    """Nearest mean of 4 by 4 colours stays near chance (10 %), so that a score means shapes."""
    colors = np.zeros((10, 24, 48))
    for index, number in np.ndindex(10, 24):
        random = np.random.default_rng([index, number])
        image = demo_drawings.photograph(demo_drawings.breed(index), 32, random=random)
        colors[index, number] = np.asarray(image.resize((4, 4)), np.float64).ravel()
    means, held_out = colors[:, :16].mean(axis=1), colors[:, 16:]
    nearest = np.square(held_out[:, :, None] - means).sum(axis=-1).argmin(axis=-1)
    assert (nearest == np.arange(10)[:, None]).mean() < 0.35


def test_all_breeds_the_competition_can_number_differ() -> None:
    assert (
        len({demo_drawings.breed(index) for index in range(demo_drawings.BREED_LIMIT)})
        == demo_drawings.BREED_LIMIT
    )
