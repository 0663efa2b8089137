"""The dogs dataset, written from the raw files; `tasks.dogs.dataset` reads it.

Each part has, in the order of its ids, `<part>.jsonl`: `id`, of training photographs `label` and `group` too;
`<part>_photos.npy`, uint8 (n, size, size, 3) RGB; `<part>_files.jsonl`, the `name` of each raw file and the
`hash` that near-duplicates are found by, or null; and `<part>.notes.json`, counts and notes on repairs and
dropped files. The training part has `train_duplicates.json`, the `distance` of near-duplicates, and
`classes.json`, the distinct labels, sorted.

The bytes of a part depend only on the contents of its raw files and on the settings.
"""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import notes, notes_file
from tasks.core.errors import InvalidData, Problem, UserError
from tasks.core.files.temporary import temporary_folder
from tasks.core.raw_paths import root_folder
from tasks.dogs import overlap, raw
from tasks.dogs.config import Data
from tasks.dogs.photographs import photograph_checks
from tasks.dogs.photographs.photograph_checks import PhotographSurvey
from tasks.text.dataset_files import write as write_json
from tasks.text.dataset_files import write_lines

COUNTS = ("train", "test", "classes", "groups", "grouped")
"""The counts of all parts, in the order in which they are shown."""

_log = logging.getLogger("podium")

Result = TypeVar("Result")


def load(data: Data, part: Part, folder: Path, *, workers: int | None = None) -> None:
    """Check the raw files of a part and write it to a folder.

    Raises:
        InvalidData: all that is wrong with the label list and with missing files;
            if nothing is, all photographs that cannot be used.
        UserError: the disk has no room for the decoded photographs.
    """
    files = raw.find(root_folder(data.root), part)
    shape = (len(files.photos), data.size_pixels, data.size_pixels, 3)
    _check_space(folder, int(np.prod(shape)))
    pixels = np.lib.format.open_memmap(folder / f"{part}_photos.npy", "w+", np.uint8, shape)
    survey = photograph_checks.survey(data, files, pixels, workers=workers)
    _write(data, survey, folder)
    for entry in survey.summary["notes"]:
        _log.info("%s", entry["message"])


def count(data: Data, *, workers: int | None = None) -> dict[str, Any]:
    """Counts and notes of all parts and on their overlap, after the checks that `load` makes.

    Raises:
        InvalidData: as `load`, the problems of all parts.
    """
    files = of_all_parts(lambda part: raw.find(root_folder(data.root), part))
    surveys = of_all_parts(lambda part: photograph_checks.survey(data, files[part], None, workers=workers))
    with temporary_folder() as place:
        for survey in surveys.values():
            _write(data, survey, place)
        summary = notes(place, raw.PARTS)
        found = [*summary["notes"], *overlap.overlap(place)]
    return {"counts": {name: summary["counts"][name] for name in COUNTS}, "notes": found}


def of_all_parts(result: Callable[[Part], Result]) -> dict[Part, Result]:
    """The result for each part; raises InvalidData with the problems of all parts."""
    results: dict[Part, Result] = {}
    problems: list[Problem] = []
    for part in raw.PARTS:
        try:
            results[part] = result(part)
        except InvalidData as error:
            problems += error.problems
    if problems:
        raise InvalidData(list(dict.fromkeys(problems)))
    return results


def _write(data: Data, survey: PhotographSurvey, folder: Path) -> None:
    """Write all files of a part but its photographs."""
    part, photos = survey.files.part, survey.files.photos
    named = zip(photos, survey.hashes, strict=True)
    write_lines(folder / f"{part}_files.jsonl", ({"name": photo.name, "hash": hash} for photo, hash in named))
    write_json(folder / notes_file(part), survey.summary)
    if part != "train":
        write_lines(folder / f"{part}.jsonl", ({"id": photo.id} for photo in photos))
        return
    grouped = zip(photos, survey.groups.tolist(), strict=True)
    records = ({"id": photo.id, "label": photo.label, "group": group} for photo, group in grouped)
    write_lines(folder / "train.jsonl", records)
    write_json(folder / "train_duplicates.json", {"distance": data.duplicate_distance})
    write_json(folder / "classes.json", sorted({photo.label for photo in photos}))


def _check_space(folder: Path, needed_bytes: int) -> None:
    # A memory-mapped file that outgrows its disk kills the process without a message.
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        needed = f"{needed_bytes:,} bytes free for decoded photographs"
        received = f"{free:,}; PODIUM_STORE names another store"
        raise UserError(f"{folder}: expected {needed}, received {received}")
