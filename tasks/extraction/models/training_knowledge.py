"""What predictions need of the training sentences, written beside the weights of a model and read from there.

So a prediction reads no training sentences, and test sentences can be predicted without them:

* `words.json`, frequent words of all training sentences with their counts, for an encoder that reads words;
* `known.jsonl`, the sentences with triples that the model may know, with their rows, for distant supervision.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tasks.extraction.records import Record
from tasks.text import dataset_files

WORDS, KNOWN = "words.json", "known.jsonl"


def write_words(folder: Path, counts: Iterable[tuple[str, int]], *, minimum: int) -> None:
    """Write words that occur at least `minimum` times, in the order of the counts."""
    dataset_files.write(folder / WORDS, [entry for entry in counts if entry[1] >= minimum])


def read_words(models: Sequence[Path]) -> list[tuple[str, int]]:
    """The words of the training sentences with their counts, which all models have seen.

    Raises:
        ValueError: the models were fitted on different training sentences.
    """
    first, *others = (dataset_files.read(model / WORDS) for model in models)
    if any(other != first for other in others):
        raise ValueError(f"{models[0] / WORDS}: expected the same words beside all {len(models)} models")
    return [(word, count) for word, count in first]


def write_known(folder: Path, rows: Sequence[int], records: Sequence[Record]) -> None:
    """Write the records that have triples, with their rows in the training part."""
    dataset_files.write_lines(
        folder / KNOWN,
        (
            {"row": row, "id": record.id, "text": record.text, "triples": record.triples}
            for row, record in zip(rows, records, strict=True)
            if record.triples
        ),
    )


def read_known(models: Sequence[Path]) -> list[Record]:
    """The sentences with triples that any of the models may know, once each, in the order of their rows."""
    by_row: dict[int, Record] = {}
    for model in models:
        for value in dataset_files.read_lines(model / KNOWN):
            if value["row"] not in by_row:
                triples = tuple((s, p, o) for s, p, o in value["triples"])
                by_row[value["row"]] = Record(value["id"], value["text"], None, triples)
    return [by_row[row] for row in sorted(by_row)]
