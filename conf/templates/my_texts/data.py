"""Read the raw files of a part and write it as steps read it: a record with its text in each line.

To fill in: other raw files. Collect all problems with file and line, and raise them together as InvalidData.
"""

from pathlib import Path

from tasks.core.competition import Part
from tasks.core.raw_paths import root_folder
from tasks.learning.classification import csv_files, records
from tasks.my_texts.config import Data


def load(data: Data, part: Part, folder: Path) -> None:
    """Write `<part>.jsonl`: id, text and, of training records, label."""
    names = ("id", "text", "label") if part == "train" else ("id", "text")
    table = csv_files.read(root_folder(data.root), f"{part}.csv", required=names)
    columns = [table.column(name) for name in names]
    records.write(folder, part, [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])
