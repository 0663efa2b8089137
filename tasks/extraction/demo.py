"""A small corpus of invented sentences in the competition's own format, to try everything offline.

Besides plain sentences it contains difficult cases: a sentence listed twice, a triple listed twice, wrong
labels, names within names, names without a relation, subjects with several objects, names that occur twice,
traditional and full-width characters, capitals and emoji.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from tasks.core import demo_files
from tasks.extraction.synthetic import vocabulary
from tasks.extraction.synthetic.grammar import SCHEMA
from tasks.extraction.synthetic.sentences import SyntheticSentence, compose
from tasks.text import dataset_files

FILES = {
    "train": "train_data.json",
    "extra": "extra_train.json",
    "validation": "dev_data.json",
    "test": "test1_data_postag.json",
}
"""File of each part."""
HIDDEN = {"extra": "postag", "test": "spo_list"}
"""The key that a part's lines lack."""
_ENTITY_TAGS = ("nr", "nw", "nt", "ns", "t")

Line = dict[str, Any]
"""One line of a file: `postag`, `text`, `spo_list`."""


def write(
    root: Path,
    *,
    sentences: int = 400,
    extra: int = 60,
    validation: int = 80,
    test: int = 80,
    noise: float = 0.05,
    seed: int = 0,
    answers: Path | None = None,
) -> None:
    """Write the corpus, unless `root` holds it already; then no file is touched.

    `train_data.json` gets `sentences` and one more: one of them again, with a triple listed twice. No other
    text occurs twice, in whatever part. `noise` is the share of training sentences, the extra ones
    too, with a wrong label. The same arguments give the same bytes. `root` appears whole or not at all.
    `answers` is a file, kept outside the data, to write the test sentences with their triples to.

    Raises:
        InvalidSettings: an argument is out of bounds, or `root` holds files not written here.
    """
    counts = {"train": sentences, "extra": extra, "validation": validation, "test": test}
    parameters = _parameters(counts, noise, seed)
    with demo_files.replacement(root, parameters) as folder:
        truth = _write_parts(folder, counts, noise=noise, seed=seed)
        dataset_files.write_lines(folder / "all_50_schemas", map(_schema_row, SCHEMA))
    if answers is not None:
        answers.parent.mkdir(parents=True, exist_ok=True)
        dataset_files.write_lines(answers, truth)


def sentences(count: int, seed: int = 0, part: str = "test", *, noise: float = 0.0) -> Iterator[Line]:
    """Yield sentences with postag and triples one by one; any number of them takes the same memory.

    More sentences of one seed and part begin with the same ones. Texts may repeat.
    """
    return islice(_endless(seed, part, noise), count)


def _endless(seed: int, part: str, noise: float) -> Iterator[Line]:
    known = vocabulary.known_names(seed)
    random = Random(f"{seed} {part}")  # a string seeds by its SHA-512: the same in every process
    while True:
        sentence = compose(known, random)
        if random.random() < noise:
            sentence = _mislabelled(sentence, random)
        yield _line(sentence)


def _mislabelled(sentence: SyntheticSentence, random: Random) -> SyntheticSentence:
    """Remove a triple or change its object, like the errors of labels from distant supervision."""
    if not sentence.triples:
        return sentence
    triples = list(sentence.triples)
    lost = triples.pop(random.randrange(len(triples)))
    others = [
        word
        for word, tag in sentence.words
        if tag in _ENTITY_TAGS and word not in (lost.subject, lost.object)
    ]
    if others and random.random() < 0.5:
        triples.append(lost._replace(object=random.choice(others)))
    return sentence._replace(triples=tuple(dict.fromkeys(triples)))


def _line(sentence: SyntheticSentence) -> Line:
    return {
        "postag": [{"word": word, "pos": tag} for word, tag in sentence.words],
        "text": "".join([word for word, _ in sentence.words]),
        "spo_list": [triple._asdict() for triple in sentence.triples],
    }


def _schema_row(row: tuple[str, str, str]) -> Line:
    return {"object_type": row[2], "predicate": row[1], "subject_type": row[0]}


def _write_parts(folder: Path, counts: dict[str, int], *, noise: float, seed: int) -> list[Line]:
    """Write each part's file and return the test sentences with their triples."""
    seen: set[str] = set()
    truth: list[Line] = []
    for part, count in counts.items():
        wrong = noise if part in ("train", "extra") else 0.0
        lines = list(islice(_unseen(_endless(seed, part, wrong), seen), count))
        if part == "train":
            lines.append(_again(lines))
        if part == "test":
            truth = [{key: line[key] for key in ("text", "spo_list")} for line in lines]
        dataset_files.write_lines(folder / FILES[part], (_visible(line, part) for line in lines))
    return truth


def _again(lines: list[Line]) -> Line:
    """The first sentence that states something, with its first triple listed twice."""
    first = next((line for line in lines if line["spo_list"]), lines[0])
    return first | {"spo_list": first["spo_list"] + first["spo_list"][:1]}


def _visible(line: Line, part: str) -> Line:
    return {key: value for key, value in line.items() if key != HIDDEN.get(part)}


def _unseen(lines: Iterator[Line], seen: set[str]) -> Iterator[Line]:
    for line in lines:
        if line["text"] not in seen:
            seen.add(line["text"])
            yield line


def _parameters(counts: dict[str, int], noise: float, seed: int) -> dict[str, float]:
    bounds: dict[str, tuple[float, float, float]] = {
        "sentences": (counts["train"], 1, 1_000_000),
        **{part: (counts[part], int(part != "extra"), 1_000_000) for part in ("extra", "validation", "test")},
        "noise": (noise, 0, 1),
        "seed": (seed, 0, 2**32 - 1),
    }
    return demo_files.within_bounds(bounds)


if __name__ == "__main__":
    demo_files.command_line(write, "extraction")
