"""Texts of a part that occur in an earlier one too: training, validation, test."""

import hashlib
from typing import Any

from tasks.core.dataset import Dataset
from tasks.extraction.dataset import stream
from tasks.text.dataset_files import PARTS
from tasks.text.normalisation import text_key
from tasks.text.validation.raw_files import FirstEntries, Notes

MESSAGES = {
    "validation_leak": "validation texts that occur in training too: scores on them are too high",
    "test_leak": "test texts that occur in training or validation too",
}
"""Kinds of notes, in the order in which they are listed."""


def overlap(dataset: Dataset) -> list[dict[str, Any]]:
    """Notes on texts that leak between the parts that are there; a digest of each text is kept."""
    notes, texts = Notes(MESSAGES), FirstEntries[str]()
    for part in PARTS:
        if not (dataset / f"{part}.jsonl").is_file():  # predictions of new test files have no validation part
            continue
        for record in stream(dataset, part):
            _, earlier = texts.add(part, text_digest(record.text), record.id)
            if earlier:
                notes.add(f"{part}_leak", f"{record.id} and {earlier}")
    return notes.listed()


def text_digest(text: str) -> bytes:
    """A digest that is equal for texts which differ only in case, width of characters and white space."""
    return hashlib.blake2b(text_key(text).encode(), digest_size=16).digest()
