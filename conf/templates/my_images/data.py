"""Read the raw files of a part and write it as steps read it: records, and images as one array.

To fill in: other raw files. Collect all problems with file and line, and raise them together as InvalidData.
"""

from pathlib import Path

import numpy as np

from tasks.core.competition import Part
from tasks.core.raw_paths import root_folder
from tasks.learning.classification import image_files, records
from tasks.my_images.config import Data


def load(data: Data, part: Part, folder: Path) -> None:
    """Write `<part>.jsonl` and `<part>_inputs.npy`, uint8 (n, size, size, 3) RGB; raises InvalidData."""
    images = image_files.find(root_folder(data.root), part)
    shape = (len(images), data.size_pixels, data.size_pixels, 3)
    pixels = np.lib.format.open_memmap(folder / f"{part}_inputs.npy", "w+", np.uint8, shape)
    notes = image_files.read(images, data.size_pixels, pixels)
    pixels.flush()
    labels = ({"label": image.label} if image.label is not None else {} for image in images)
    found = [{"id": image.id, **label} for image, label in zip(images, labels, strict=True)]
    records.write(folder, part, found, notes=notes)
