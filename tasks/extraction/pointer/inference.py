"""What a prediction of `pointer` rests on: its network, distant supervision and the decoding of tags."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from tasks.extraction.config import Recipe
from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.models.features import TokenizedSentence
from tasks.extraction.models.inference import Decoder, SpanTriple
from tasks.extraction.models.network import Arrays, Indices, Networks, Records
from tasks.extraction.pointer.distant_features import DistantFeatures
from tasks.extraction.pointer.network import build
from tasks.extraction.tagging.decoding import decode

__all__ = ["build", "decoder"]


def decoder(networks: Networks, recipe: Recipe, predicates: Indices, records: Records) -> Decoder:
    """The decoding of batches; `records` are called once, if the recipe has distant supervision."""
    decode_tags = partial(decode, networks, predicates=len(predicates), floor=recipe.floor)
    if not recipe.distant:
        return decode_tags
    known = KnownTriples.of(records(), predicates)

    def decode_with_distant(batch: Sequence[TokenizedSentence], inputs: Arrays) -> list[list[SpanTriple]]:
        features, length = DistantFeatures(known, len(predicates)), inputs["characters"].shape[1]
        subjects = np.zeros((len(inputs["characters"]), length, 2), np.float32)
        subjects[: len(batch)] = features.subjects(batch, length=length)

        def channels(row: int, first: int, last: int) -> np.ndarray:
            objects = features.objects(batch[row], (first, last), length=length)
            return np.concatenate([subjects[row], objects], axis=-1)

        return decode_tags(batch, {**inputs, "distant": subjects}, distant=channels)

    return decode_with_distant
