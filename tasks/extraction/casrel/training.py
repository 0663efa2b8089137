"""What a training of CasRel rests on: its network, its targets, and the marks to measure it by."""

from collections.abc import Sequence
from functools import partial

from tasks.extraction.casrel.network import build
from tasks.extraction.config import Recipe
from tasks.extraction.models.network import Indices, TargetMaker
from tasks.extraction.records import Record
from tasks.extraction.tagging.targets import marks, targets

__all__ = ["build", "marks", "target_maker"]


def target_maker(recipe: Recipe, records: Sequence[Record], predicates: Indices) -> TargetMaker:
    """Targets of batches, and the subjects drawn for them; the records are not read."""
    return partial(targets, predicates=len(predicates), subjects=recipe.training.subjects)
