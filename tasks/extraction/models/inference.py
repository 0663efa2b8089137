"""From sentences to scored triples, in batches: what predictions of all methods share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tasks.extraction.labelling.mentions import Span, surface
from tasks.extraction.models.features import TokenizedSentence
from tasks.extraction.models.network import Arrays
from tasks.extraction.records import Triple, normal_form
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.training.batches import padded_length
from tasks.text.tokenization import Tokenizer

BATCH_CHARACTERS = 4096


class SpanTriple(NamedTuple):
    """A decoded triple, its spans in characters."""

    predicate: int
    subject: Span
    object: Span
    score: float


Decoder = Callable[[Sequence[TokenizedSentence], Arrays], list[list[SpanTriple]]]
"""(batch, its padded inputs): the triples of each of its sentences."""


def candidates(
    decode: Decoder, tokenizer: Tokenizer, sentences: Sequence[TokenizedSentence], predicates: Sequence[str]
) -> Candidates:
    """Scored triples of each sentence, whatever the batch in which it is decoded."""
    scores: list[dict[str, float]] = [{} for _ in sentences]
    for rows in by_length(sentences):
        batch = [sentences[row] for row in rows]
        inputs = tokenizer.batch([sentence.inputs for sentence in batch])
        for row, sentence, triples in zip(rows, batch, decode(batch, inputs), strict=True):
            scores[row] = scored(sentence.record.text, triples, predicates)
    return Candidates.of(scores)


def by_length(sentences: Sequence[TokenizedSentence]) -> Iterator[list[int]]:
    """Yield the rows of each batch: sentences that are padded to one length, their number a power of two.

    Libraries keep what they prepare for each shape: with batches of any size, 200,000 sentences take 110 MB
    more memory.
    """
    order = sorted(range(len(sentences)), key=lambda row: sentences[row].tokens)
    start = 0
    while start < len(order):
        length = padded_length(sentences[order[start]].tokens)
        size = max(1, BATCH_CHARACTERS // length)
        rows = [row for row in order[start : start + size] if sentences[row].tokens <= length]
        rows = rows[: 1 << (len(rows).bit_length() - 1)]
        yield rows
        start += len(rows)


def scored(text: str, triples: Iterable[SpanTriple], predicates: Sequence[str]) -> dict[str, float]:
    """Scores by key of the triples' strings, the highest first.

    Of triples that the scorer takes for the same the highest score counts. Names that are empty to the
    scorer, as 《》, are left out.
    """
    best: dict[Triple, tuple[float, str]] = {}
    for triple in triples:
        strings = surface(text, triple.subject), predicates[triple.predicate], surface(text, triple.object)
        form = normal_form(strings)
        if form[0].strip() and form[2].strip():
            best[form] = max((triple.score, key(strings)), best.get(form, (0.0, "")))
    return {name: score for score, name in sorted(best.values(), key=lambda entry: (-entry[0], entry[1]))}
