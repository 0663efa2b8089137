"""The extraction dataset, written from the raw files; `tasks.extraction.dataset` reads it.

Each part has two files: `<part>.jsonl`, one sentence a line in the order of the raw files (id, text, words,
triples; the test has no triples), and `<part>.notes.json`, counts and notes. The training part has five more:
`schema.json`, the rows of the schema file; `characters.json`, the normalised characters of the training texts
with their counts, the most frequent first; `alias.json` and `location.json`, the scorer's dictionaries,
lower-cased; `unlabelled.json`, the predicates that a training file never labels, by its stem.
The bytes depend on the contents of the part's raw files and on the settings, on nothing else.
"""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.core.competition import Part
from tasks.core.dataset import notes_file
from tasks.extraction.config import Data
from tasks.extraction.raw.validation import RawContents, read_parts
from tasks.extraction.records import Record
from tasks.text import dataset_files

_log = logging.getLogger("podium")


def load(data: Data, part: Part, folder: Path) -> None:
    """Check the raw files of a part and write it into an empty folder.

    The folder stays empty unless all these files are valid; those of other parts need not exist.

    Raises:
        InvalidData: all problems of the part's raw files.
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    # Sentences are written as they are read, so that memory does not grow with their number.
    with TemporaryDirectory(dir=folder) as temporary:
        draft = Path(temporary) / f"{part}.jsonl"
        contents = _write_sentences(data, part, draft)
        draft.replace(folder / draft.name)
    values = contents._asdict()
    dataset_files.write(folder / notes_file(part), values.pop("summary"))
    if part == "train":
        for name, value in values.items():
            dataset_files.write(folder / f"{name}.json", value)
    for entry in contents.summary["notes"]:
        _log.info("%s", entry["message"])


def count(data: Data, *, workers: int | None = None) -> dict[str, Any]:
    """Counts and notes of all parts, and of texts that occur in several, after all checks; writes nothing.

    `workers` is not used: one thread reads all sentences in seconds.

    Raises:
        InvalidData: all problems of all parts.
        InvalidSettings: as `load`.
    """
    return read_parts(data, dataset_files.PARTS, None).summary


def _write_sentences(data: Data, part: Part, file: Path) -> RawContents:
    with file.open("w", encoding="utf-8", newline="\n") as lines:

        def write(part: Part, record: Record) -> None:
            lines.write(_line(part, record))

        return read_parts(data, [part], write)


def _line(part: Part, record: Record) -> str:
    value = record._asdict()
    if part == "test":
        del value["triples"]
    return dataset_files.line(value)
