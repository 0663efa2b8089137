"""Read the raw files of a part and write it as steps read it: a record with its features in each line.

To fill in: other raw files, or features that are computed from several columns. Collect all problems with
file and line, and raise them together as InvalidData.
"""

from pathlib import Path

from tasks.core.competition import Part
from tasks.core.raw_paths import root_folder
from tasks.learning.classification import csv_files, records
from tasks.my_table.config import Data


def load(data: Data, part: Part, folder: Path) -> None:
    """Write `<part>.jsonl`: id, label, and the features by column, a number, a text or null.

    Raises:
        InvalidData: with all problems; a column of texts must be named in `data.texts`.
    """
    required = (data.id, data.label) if part == "train" else (data.id,)
    table = csv_files.read(root_folder(data.root), f"{part}.csv", required=required)
    names = [name for name in table.columns if name not in (data.id, data.label)]
    numbers = csv_files.numbers(table, [name for name in names if name not in data.texts])
    columns = {name: numbers[name] if name in numbers else table.column(name) for name in names}
    found = []
    for place, id in enumerate(table.column(data.id)):
        label = {"label": table.column(data.label)[place]} if part == "train" else {}
        found.append({"id": id, **label, "features": {name: columns[name][place] for name in names}})
    records.write(folder, part, found)
