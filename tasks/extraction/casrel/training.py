"""What a training of CasRel rests on: its network, its targets, and the marks to measure it by."""

from collections.abc import Sequence

from tasks.extraction.casrel.network import build
from tasks.extraction.config import Recipe
from tasks.extraction.models.network import Indices, TargetMaker
from tasks.extraction.records import Record
from tasks.extraction.tagging.targets import label_count, marks, target_maker_of

__all__ = ["build", "label_count", "marks", "target_maker"]


def target_maker(recipe: Recipe, records: Sequence[Record], predicates: Indices) -> TargetMaker:
    """Targets of batches, and the subjects drawn for them; the records are not read."""
    return target_maker_of(predicates=len(predicates), subjects=recipe.training.subjects)
