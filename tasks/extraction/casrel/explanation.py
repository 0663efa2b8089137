"""What explains a triple of CasRel: its tags, of the objects of its subject."""

from collections.abc import Callable, Sequence

from tasks.extraction.config import Recipe
from tasks.extraction.models.network import Indices
from tasks.extraction.records import Record
from tasks.extraction.tagging.explanation import Further, choice, score, with_span

__all__ = ["choice", "further_inputs", "score"]


def further_inputs(recipe: Recipe, records: Callable[[], Sequence[Record]], predicates: Indices) -> Further:
    """What the network reads besides the sentence: the triple's subject. The records are not read."""
    return with_span(recipe.training.subjects)
