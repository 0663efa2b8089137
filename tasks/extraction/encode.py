"""Words of all sentences: those of their postag, else by segmentation."""

import json
import logging

from tasks.core.competition import Job
from tasks.extraction import dataset


def encode(job: Job) -> None:
    """Write `words.jsonl`: `{"id", "words"}` of every sentence of all parts."""
    with (job.output / "words.jsonl").open("w", encoding="utf-8", newline="\n") as lines:
        for part in dataset.PARTS:
            for record in dataset.stream(job.dataset, part):
                words = segmented(record.text) if record.words is None else list(record.words)
                lines.write(json.dumps({"id": record.id, "words": words}, ensure_ascii=False) + "\n")
    logging.getLogger("podium").info("words of all sentences are known")


# FOLDED from tasks/extraction/segmentation.py
# Words of a text that brings none of its own.
def segmented(text: str) -> list[str]:
    """The words of a text by jieba's dictionary and hidden Markov model; they join to the text."""
    import rjieba

    words: list[str] = rjieba.cut(text)
    return words
