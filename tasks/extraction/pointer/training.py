"""What a training of `pointer` rests on: its network, its targets, and the marks to measure it by."""

from collections.abc import Sequence

import numpy as np

from tasks.extraction.config import Recipe
from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.models.features import TokenizedSentence
from tasks.extraction.models.network import Arrays, Indices, SentenceSizes, TargetMaker
from tasks.extraction.pointer.distant_features import DistantFeatures
from tasks.extraction.pointer.network import build
from tasks.extraction.records import Record
from tasks.extraction.tagging.targets import label_count, marks, target_maker_of

__all__ = ["build", "label_count", "marks", "target_maker"]


def target_maker(recipe: Recipe, records: Sequence[Record], predicates: Indices) -> TargetMaker:
    """Targets of batches, and the subjects drawn for them, with what the records say of pairs of names."""
    make = target_maker_of(predicates=len(predicates), subjects=recipe.training.subjects)
    if not recipe.distant:
        return make
    distant = DistantFeatures(KnownTriples.of(records, predicates), len(predicates))

    def make_with_distant(
        batch: Sequence[TokenizedSentence], size: SentenceSizes, generator: np.random.Generator
    ) -> tuple[Arrays, Arrays]:
        inputs, marked = make(batch, size, generator)
        return inputs | distant.of_batch(batch, inputs["span"], length=size.tokens), marked

    return make_with_distant
