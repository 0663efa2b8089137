"""What explains a triple of `pointer`: its tags, of the objects of its subject, with distant supervision."""

from collections.abc import Callable, Sequence

import numpy as np

from tasks.extraction.config import Recipe
from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.models.features import TokenizedSentence
from tasks.extraction.models.network import Arrays, Indices
from tasks.extraction.pointer.distant_features import DistantFeatures
from tasks.extraction.records import Record
from tasks.extraction.tagging.explanation import Further, choice, score, with_span

__all__ = ["choice", "further_inputs", "score"]


def further_inputs(recipe: Recipe, records: Callable[[], Sequence[Record]], predicates: Indices) -> Further:
    """What the network reads besides the sentence: the triple's subject, and the names that are known of
    other sentences, which keep their places whatever the characters."""
    if not recipe.distant:
        return with_span(recipe.training.subjects)
    features = DistantFeatures(KnownTriples.of(records(), predicates), len(predicates))

    def distant(sentence: TokenizedSentence, span: np.ndarray, tokens: int) -> Arrays:
        return features.of_batch([sentence], span, length=tokens)

    return with_span(recipe.training.subjects, distant)
