"""Words of the sentences of a part: those of their postag, else those that a segmenter finds."""

import logging
from typing import cast

from tasks.core.competition import Part
from tasks.core.jobs import EncodeJob
from tasks.extraction import dataset
from tasks.extraction.records import Record
from tasks.text import dataset_files


def encode(job: EncodeJob) -> None:
    """Write `<part>_words.jsonl`: `{"id", "words"}` of every sentence of the job's part."""
    part = cast("Part", job.part)
    rows = ({"id": record.id, "words": _words(record)} for record in dataset.stream(job.dataset, part))
    dataset_files.write_lines(job.output / dataset.words_file(part), rows)
    logging.getLogger("podium").info("wrote the words of all %s sentences", part)


def _words(record: Record) -> list[str]:
    return segmented(record.text) if record.words is None else list(record.words)


def segmented(text: str) -> list[str]:
    """The words of a text by jieba's dictionary and hidden Markov model; they join to the text."""
    import rjieba

    words: list[str] = rjieba.cut(text)
    return words
