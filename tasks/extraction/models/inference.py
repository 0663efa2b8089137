"""From sentences to scored triples, in batches: what predictions of all methods share."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tasks.extraction.labelling.mentions import Span, surface
from tasks.extraction.models.features import TokenizedSentence
from tasks.extraction.models.network import Arrays
from tasks.extraction.models.padding import in_prediction, token_counts
from tasks.extraction.records import Triple, normal_form
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.training.padded_shapes import Shape, fixed_batches
from tasks.text.tokenization import Tokenizer


class SpanTriple(NamedTuple):
    """A decoded triple, its spans in characters."""

    predicate: int
    subject: Span
    object: Span
    score: float


Decoder = Callable[[Sequence[TokenizedSentence], Arrays], list[list[SpanTriple]]]
"""(batch, its padded inputs, which may have further rows): the triples of each sentence of the batch."""


def candidates(
    decode: Decoder,
    tokenizer: Tokenizer,
    sentences: Sequence[TokenizedSentence],
    predicates: Sequence[str],
    *,
    shapes: Sequence[Shape] = (),
) -> Candidates:
    """Scored triples of each sentence, whatever the batch in which it is decoded.

    Triples of predicates that are unlabelled in a sentence are left out: nothing says whether they are right.

    Args:
        shapes: of batches; sentences longer than all of them have further shapes.
    """
    scores: list[dict[str, float]] = [{} for _ in sentences]
    for planned in fixed_batches(token_counts(sentences), shapes, in_prediction(tokenizer.longest)):
        batch = [sentences[row] for row in planned.records]
        filled = [sentences[row].inputs for row in planned.filled()]
        inputs = tokenizer.batch(filled, length=planned.shape.sizes[0])
        for row, sentence, triples in zip(planned.records, batch, decode(batch, inputs), strict=True):
            known = [triple for triple in triples if triple.predicate not in sentence.unlabelled]
            scores[row] = scored(sentence.record.text, known, predicates)
    return Candidates.of(scores)


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
