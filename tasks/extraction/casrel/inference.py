"""What a prediction of CasRel rests on: its network and the decoding of tags."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tasks.extraction.casrel.network import build
from tasks.extraction.config import Recipe
from tasks.extraction.models.inference import Decoder
from tasks.extraction.models.network import TripleNetwork
from tasks.extraction.records import Record
from tasks.extraction.tagging.decoding import decode

__all__ = ["build", "decoder"]


def decoder(
    networks: Sequence[TripleNetwork],
    recipe: Recipe,
    predicates: Mapping[str, int],
    records: Callable[[], Sequence[Record]],
) -> Decoder:
    """The decoding of batches; the training records are not read."""
    return partial(decode, networks, predicates=len(predicates), floor=recipe.floor)
