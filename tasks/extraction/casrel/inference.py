"""What a prediction of CasRel rests on: its network and the decoding of tags."""

from functools import partial

from tasks.extraction.casrel.network import build
from tasks.extraction.config import Recipe
from tasks.extraction.models.inference import Decoder
from tasks.extraction.models.network import Indices, Networks, Records
from tasks.extraction.tagging.decoding import decode

__all__ = ["build", "decoder"]


def decoder(networks: Networks, recipe: Recipe, predicates: Indices, records: Records) -> Decoder:
    """The decoding of batches; the training records are not read."""
    return partial(decode, networks, predicates=len(predicates), floor=recipe.floor)
