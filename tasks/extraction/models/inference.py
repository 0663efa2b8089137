"""From networks to scored triples of sentences, in batches."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tasks.extraction.config import Recipe
from tasks.extraction.labelling.mentions import surface
from tasks.extraction.models import gplinker, tagging
from tasks.extraction.models.distant_features import DistantInputs
from tasks.extraction.models.features import Example
from tasks.extraction.models.tagging import Found
from tasks.extraction.records import Triple
from tasks.extraction.triples import normal
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.training.batches import padded_length
from tasks.text.tokenization import Reader

BATCH_CHARACTERS = 4096


def decoded(
    models: Sequence[Any],
    recipe: Recipe,
    reader: Reader,
    sentences: Sequence[Example],
    predicates: Sequence[str],
    *,
    distant: DistantInputs | None = None,
) -> Candidates:
    """Scored triples of each sentence, by networks whose scores are averaged before decoding."""
    found: list[dict[str, float]] = [{} for _ in sentences]
    for rows in by_length(sentences):
        batch = [sentences[row] for row in rows]
        for row, example, triples in zip(
            rows, batch, _decoded(models, recipe, reader, batch, len(predicates), distant), strict=True
        ):
            found[row] = scored(example.record.text, triples, predicates)
    return Candidates.of(found)


def by_length(sentences: Sequence[Example]) -> Iterator[list[int]]:
    """Rows of sentences that are padded to one length, as many as make a batch: a power of two.

    Libraries keep what they have prepared for a shape, so that many shapes take much memory: 110 MB in
    200,000 sentences where batches may have any size.
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


def _decoded(
    models: Sequence[Any],
    recipe: Recipe,
    reader: Reader,
    batch: Sequence[Example],
    predicates: int,
    distant: DistantInputs | None,
) -> list[list[Found]]:
    inputs = reader.batch([example.read for example in batch])
    tokens = [example.tokens for example in batch]
    if recipe.method == "gplinker":
        return gplinker.decode(models, inputs, tokens, floor=recipe.floor)
    objects = None
    if distant:
        length = inputs["characters"].shape[1]
        inputs["distant"] = subjects = distant.subjects(batch, length=length)

        def objects(row: int, first: int, last: int) -> np.ndarray:
            own = distant.objects(batch[row], (first, last), length=length)
            return np.concatenate([subjects[row], own], axis=-1)

    return tagging.decode(models, inputs, tokens, predicates=predicates, floor=recipe.floor, distant=objects)


def scored(text: str, triples: Iterable[Found], predicates: Sequence[str]) -> dict[str, float]:
    """Scores by key of the triples' strings, the highest first.

    Of strings that the scorer takes for the same the best mention counts; what it takes for nothing, as 《》,
    is left out.
    """
    best: dict[Triple, tuple[float, str]] = {}
    for triple in triples:
        strings = surface(text, triple.subject), predicates[triple.predicate], surface(text, triple.object)
        same = normal(strings)
        if same[0].strip() and same[2].strip():
            best[same] = max((triple.score, key(strings)), best.get(same, (0.0, "")))
    return {name: score for score, name in sorted(best.values(), key=lambda entry: (-entry[0], entry[1]))}
