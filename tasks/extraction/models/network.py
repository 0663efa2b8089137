"""What the methods of extraction have in common: their interface, and the models of a network.

Each method is a package of `tasks.extraction`, named like the recipe's `method`, with two entry modules.
A training rests on `training`, a prediction on `inference`, and neither on another method:

* both have `build(recipe, tokenizer, *, predicates, seed)`, which returns a `TripleNetwork`;
* `training.target_maker(recipe, records, predicates)` returns a `TargetMaker`;
* `training.label_count(sentence)` is the width of a table that holds the sentence's labels; 0 without tables;
* `training.marks(outputs, targets)` yields pairs of boolean arrays: the cells that a network marks, and
  those that are labelled;
* `inference.decoder(networks, recipe, predicates, records)` returns a decoder
  (`tasks.extraction.models.inference.Decoder`).

`predicates` are the indices of predicates by name, `records` the training sentences that the model may know
(of `decoder` a function that returns them).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tasks.extraction.models.features import TokenizedSentence
from tasks.extraction.records import Record

Arrays = dict[str, np.ndarray]
Indices = Mapping[str, int]
Records = Callable[[], Sequence[Record]]


class SentenceSizes(NamedTuple):
    """Sizes to which the sentences of a batch are padded."""

    tokens: int
    labels: int
    """Width of tables of labels."""


TargetMaker = Callable[
    [Sequence[TokenizedSentence], SentenceSizes, np.random.Generator], tuple[Arrays, Arrays]
]
"""(batch, its sizes, generator): further inputs of the network, and targets, by name."""


class TripleNetwork(NamedTuple):
    """Models that share all weights."""

    training: Any
    """inputs → outputs by name, which the losses take."""
    sentence: Any
    """inputs → the outputs from which a sentence's triples are decoded, by name."""
    objects: Any
    """Outputs of `sentence` and a `span` (b, 2) in each sentence → (b, n, 2·k) log-probabilities of the
    span's objects; None where a method needs no second model."""
    losses: dict[str, Any]


Networks = Sequence[TripleNetwork]
