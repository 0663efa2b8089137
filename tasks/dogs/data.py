"""The dogs dataset, written from the raw files; `tasks.dogs.dataset` reads it.

A dataset is a folder with `train.jsonl` (id, label, group) and `test.jsonl` (id), sorted by id;
`train_photos.npy` and `test_photos.npy`, uint8 (n, size, size, 3) RGB in the same order;
`classes.json`, the distinct labels, sorted; and `notes.json`, counts and notes on repairs and dropped files.
Its bytes depend only on the contents of the raw files and on the settings.
"""

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.errors import UserError
from tasks.dogs import photograph_checks
from tasks.dogs.config import Data
from tasks.dogs.photograph_checks import Part
from tasks.text.dataset_files import write as write_json
from tasks.text.dataset_files import write_lines

_log = logging.getLogger("podium")


def load(data: Data, folder: Path, *, workers: int | None = None) -> None:
    """Check the raw files and write the dataset into an empty folder.

    Raises:
        InvalidData: as `tasks.dogs.photograph_checks.survey`.
        UserError: the disk has no room for the decoded photographs.
    """

    def rows(part: Part, number: int) -> np.ndarray:
        shape = (number, data.size_pixels, data.size_pixels, 3)
        _check_space(folder, number * data.size_pixels**2 * 3)
        return np.lib.format.open_memmap(folder / f"{part}_photos.npy", "w+", np.uint8, shape)

    raw, groups, summary = photograph_checks.survey(data, rows, workers=workers)
    records = [
        {"id": photo.id, "label": photo.label, "group": group}
        for photo, group in zip(raw.train, groups.tolist(), strict=True)
    ]
    write_lines(folder / "train.jsonl", records)
    write_lines(folder / "test.jsonl", ({"id": photo.id} for photo in raw.test))
    write_json(folder / "classes.json", sorted({photo.label for photo in raw.train}))
    write_json(folder / "notes.json", summary)
    for entry in summary["notes"]:
        _log.info("%s", entry["message"])


def count(data: Data, *, workers: int | None = None) -> dict[str, Any]:
    """The counts and notes that `load` would write, after the same checks and with the same errors."""
    return photograph_checks.survey(data, None, workers=workers).summary


def _check_space(folder: Path, needed_bytes: int) -> None:
    # A memory-mapped file that outgrows its disk kills the process without a message.
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        needed = f"{needed_bytes / 1e9:.1f} GB free for decoded photographs"
        raise UserError(f"{folder}: expected {needed}, received {free / 1e9:.1f} GB")
