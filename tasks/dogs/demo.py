"""A small set of drawn dogs in the competition's own format, to try everything offline.

Besides clean photographs it has cases that a loader must handle: one listed twice with one label,
one listed with two labels (to be dropped), one that is nearly a copy of another, and
photographs of several shapes.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageEnhance

from tasks.core import demo_files
from tasks.dogs import demo_drawings

_PLAN, _TRAIN, _TEST = range(3)
"""Numbers of the random streams, which keep them apart."""


class DemoPlan(NamedTuple):
    """The id and label of every photograph, decided before anything is drawn."""

    parameters: dict[str, int]
    breeds: dict[int, demo_drawings.Breed]
    """What to draw for each label."""
    train: dict[str, int]
    """Label of each image id, the copy and the contradicted photograph included."""
    test: dict[str, int]
    """Hidden label of each image id."""
    listing: list[tuple[str, int]]
    """Lines of `data_train_image.txt`: (image id, label)."""
    copied: str
    """The photograph that `copy` nearly repeats."""
    copy: str


def write(
    root: Path,
    *,
    breeds: int = 10,
    photographs: int = 40,
    test_photographs: int = 80,
    size_pixels: int = 96,
    seed: int = 0,
    answers: Path | None = None,
) -> None:
    """Draw the data set, unless `root` holds it already; then no file is touched.

    `train/` gets `photographs` of each breed and two more: a near copy, and one listed with two
    labels. The same arguments give the same bytes. `root` appears whole or not at all.
    `answers` is a CSV file, kept outside the data, to write the hidden test labels to.

    Raises:
        InvalidSettings: an argument is out of bounds, or `root` holds files not drawn here.
    """
    bounds = {
        "breeds": (breeds, 2, demo_drawings.BREED_LIMIT),
        "photographs": (photographs, 1, 10_000),
        "test_photographs": (test_photographs, 1, 100_000),
        "size_pixels": (size_pixels, 32, 1024),
        "seed": (seed, 0, 2**32 - 1),
    }
    plan = _plan(demo_files.within_bounds(bounds) | {"drawing_version": demo_drawings.VERSION})
    if not _is_current(root, plan):
        with demo_files.replacement(root, plan.parameters) as folder:
            _draw(folder, plan)
    if answers is not None:
        _write_answers(answers, plan)


def _plan(parameters: dict[str, int]) -> DemoPlan:
    breeds, photographs = parameters["breeds"], parameters["photographs"]
    random = np.random.default_rng([parameters["seed"], _PLAN])
    labels = sorted(random.choice(demo_drawings.BREED_LIMIT, breeds, replace=False).tolist())
    ids = _ids(breeds * photographs + 2 + parameters["test_photographs"], random)
    train = dict(zip(ids, np.repeat(labels, photographs).tolist(), strict=False))
    contradicted, copy, *test_ids = ids[len(train) :]
    twice, copied = random.choice(list(train), 2, replace=False).tolist()
    train |= {contradicted: labels[0], copy: train[copied]}
    listing = [*train.items(), (twice, train[twice]), (contradicted, labels[1])]
    test_labels = random.permutation(np.resize(labels, len(test_ids))).tolist()
    return DemoPlan(
        parameters=parameters,
        breeds={label: demo_drawings.breed(index) for index, label in enumerate(labels)},
        train=train,
        test=dict(zip(test_ids, test_labels, strict=True)),
        listing=[listing[index] for index in random.permutation(len(listing))],
        copied=copied,
        copy=copy,
    )


def _ids(count: int, random: np.random.Generator) -> list[str]:
    """Distinct image ids as the competition has them: two large numbers joined by a comma."""
    ids: dict[str, None] = {}
    while len(ids) < count:
        first, second = random.integers(10**6, 2**32, 2).tolist()
        ids[f"{first},{second}"] = None
    return list(ids)


def _is_current(root: Path, plan: DemoPlan) -> bool:
    """Whether `root` has exactly these photographs, by the marker and the names of the files."""
    marker = demo_files.MARKER_KIND.read_or_none(root / demo_files.MARKER, then="the demo is drawn again")
    return (
        marker == plan.parameters
        and (root / "data_train_image.txt").is_file()
        and _ids_in(root / "train") == plan.train.keys()
        and _ids_in(root / "test") == plan.test.keys()
    )


def _ids_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.jpg")}


def _draw(folder: Path, plan: DemoPlan) -> None:
    for part, labels, stream in (("train", plan.train, _TRAIN), ("test", plan.test, _TEST)):
        (folder / part).mkdir(parents=True)
        for index, (image_id, label) in enumerate(labels.items()):
            random = np.random.default_rng([plan.parameters["seed"], stream, index])
            image = demo_drawings.photograph(
                plan.breeds[label], plan.parameters["size_pixels"], random=random
            )
            image.save(_file(folder / part, image_id), quality=90)
    _write_copy(folder / "train", plan)
    lines = [f"{image_id} {label} https://dogs.example/{image_id}.jpg\n" for image_id, label in plan.listing]
    (folder / "data_train_image.txt").write_text("".join(lines), encoding="utf-8")


def _write_copy(folder: Path, plan: DemoPlan) -> None:
    """The same photograph a little brighter and compressed again, as copies on the web are."""
    with Image.open(_file(folder, plan.copied)) as image:
        ImageEnhance.Brightness(image).enhance(1.04).save(_file(folder, plan.copy), quality=80)


def _file(folder: Path, image_id: str) -> Path:
    return folder / f"{image_id}.jpg"


def _write_answers(answers: Path, plan: DemoPlan) -> None:
    answers.parent.mkdir(parents=True, exist_ok=True)
    with answers.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image_id", "label"])
        writer.writerows(plan.test.items())


if __name__ == "__main__":
    demo_files.command_line(write, "dogs")
