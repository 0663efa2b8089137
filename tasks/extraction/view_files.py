"""Read augmented views; apart from making them, which is no part of what trainings rest on."""

import json
from pathlib import Path

from tasks.extraction.records import Record

FILE = "records.jsonl"


def read_views(folder: Path) -> list[Record]:
    """The sentences of one view, in the order of the training records; their words are jieba's."""
    with (folder / FILE).open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return [
        Record(id, text, tuple(words), tuple((s, p, o) for s, p, o in triples))
        for id, text, words, triples in entries
    ]
