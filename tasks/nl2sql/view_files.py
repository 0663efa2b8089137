"""Read augmented views; apart from making them, which is no part of what trainings rest on."""

import json
from pathlib import Path

from tasks.nl2sql.query import from_json
from tasks.nl2sql.records import Question

FILE = "questions.jsonl"


def read_views(folder: Path) -> list[Question]:
    """The questions of one view, in the order of the training questions, each with its query.

    A question may be asked of another table of the training part than the one it was made of.
    """
    with (folder / FILE).open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return [Question(id, text, table, from_json(query)) for id, text, table, query in entries]
