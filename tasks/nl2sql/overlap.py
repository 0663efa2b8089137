"""Questions and tables of a part that occur in an earlier one too: training, validation, test."""

from typing import Any

from tasks.core.dataset import Dataset
from tasks.nl2sql.dataset import stream, stream_tables
from tasks.nl2sql.raw.part_overlap import PartOverlap
from tasks.text.dataset_files import PARTS


def overlap(dataset: Dataset) -> list[dict[str, Any]]:
    """Notes on questions that leak between parts, and on tables that change; absent parts are left out."""
    found = PartOverlap()
    for part in PARTS:
        if not (dataset / f"{part}.jsonl").exists():
            continue
        for table in stream_tables(dataset, part):
            found.add_table(part, table)
        for question in stream(dataset, part):
            found.add_question(part, question)
    return found.notes()
