"""Words of all sentences: those of their postag, else those that a segmenter finds."""

import logging

from tasks.core.jobs import EncodeJob
from tasks.extraction import dataset
from tasks.extraction.records import Record
from tasks.text import dataset_files


def encode(job: EncodeJob) -> None:
    """Write `words.jsonl`: `{"id", "words"}` of every sentence of all parts."""
    records = (record for part in dataset_files.PARTS for record in dataset.stream(job.dataset, part))
    rows = ({"id": record.id, "words": _words(record)} for record in records)
    dataset_files.write_lines(job.output / "words.jsonl", rows)
    logging.getLogger("podium").info("wrote the words of all sentences")


def _words(record: Record) -> list[str]:
    return segmented(record.text) if record.words is None else list(record.words)


def segmented(text: str) -> list[str]:
    """The words of a text by jieba's dictionary and hidden Markov model; they join to the text."""
    import rjieba

    words: list[str] = rjieba.cut(text)
    return words
