"""The extraction dataset, written from the raw files; `tasks.extraction.dataset` reads it.

A dataset is a folder with `train.jsonl`, `validation.jsonl` and `test.jsonl`, one sentence a line in the
order of the raw files (id, text, words, triples; the test has no triples); `schema.json`, the rows of the
schema file; `characters.json`, the normalised characters of the training texts with their counts, the most
frequent first; `alias.json` and `location.json`, the scorer's dictionaries, lower-cased; and `notes.json`,
counts and notes.
Its bytes depend on the contents of the raw files and on the settings, on nothing else.
"""

import logging
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.core.competition import Part
from tasks.extraction.config import Data
from tasks.extraction.raw.validation import RawContents, Sink, read_all
from tasks.extraction.records import Record
from tasks.text import dataset_files

_log = logging.getLogger("podium")


def load(data: Data, folder: Path) -> None:
    """Check the raw files and write the dataset into an empty folder.

    The folder stays empty unless all files are valid.

    Raises:
        InvalidData: all problems of the raw files.
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    # Sentences are written as they are read, so that memory does not grow with their number.
    with TemporaryDirectory(dir=folder) as temporary:
        drafts = Path(temporary)
        contents = _write_sentences(data, drafts)
        for part in dataset_files.PARTS:
            (drafts / f"{part}.jsonl").replace(folder / f"{part}.jsonl")
    for name, value in contents._asdict().items():
        dataset_files.write(folder / f"{'notes' if name == 'summary' else name}.json", value)
    for entry in contents.summary["notes"]:
        _log.info("%s", entry["message"])


def count(data: Data, *, workers: int | None = None) -> dict[str, Any]:
    """The counts and notes that `load` would write, after the same checks; writes nothing.

    `workers` is not used: one thread reads all sentences in seconds.

    Raises:
        InvalidData, InvalidSettings: as `load`.
    """
    return read_all(data, None).summary


def _write_sentences(data: Data, folder: Path) -> RawContents:
    with ExitStack() as stack:
        files = {
            part: stack.enter_context((folder / f"{part}.jsonl").open("w", encoding="utf-8", newline="\n"))
            for part in dataset_files.PARTS
        }

        def write(part: Part, record: Record) -> None:
            files[part].write(_line(part, record))

        sink: Sink = write
        return read_all(data, sink)


def _line(part: Part, record: Record) -> str:
    value = record._asdict()
    if part == "test":
        del value["triples"]
    return dataset_files.line(value)
