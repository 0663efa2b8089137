"""Baselines of texts for attributions: the same tokens, each without its content."""

from typing import Any

import numpy as np

from tasks.learning.attribution.explanations import Characters
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import BEGIN, END, MASK, PAD, UNKNOWN

TOKENS = ("characters", "vectors", "words", "word_vectors")
"""Inputs that hold numbers of tokens; those of names of columns begin with `NAMES`."""
NAMES = "names_"
OWN_SPECIAL = (PAD, UNKNOWN, BEGIN, END, MASK)


def token_inputs(inputs: dict[str, Any]) -> list[str]:
    """The inputs of a network that hold numbers of tokens."""
    return [name for name in inputs if name.removeprefix(NAMES) in TOKENS]


def without_tokens(inputs: dict[str, np.ndarray], tokenizer: Tokenizer) -> dict[str, np.ndarray]:
    """The inputs with another token in place of those of the text; those around a text stay.

    A BERT reads its masked token, for which it was trained, other encoders read padding.
    """
    found = dict(inputs)
    for name in token_inputs(inputs):
        of_characters = name.removeprefix(NAMES) == "characters"
        special = tokenizer.characters.special if of_characters else OWN_SPECIAL
        padding, _, begin, end, mask = special
        blank = mask if tokenizer.settings.kind == "bert" else padding
        around = np.isin(inputs[name], (padding, begin, end))
        found[name] = np.where(around, inputs[name], np.int32(blank))
    return found


def characters_of(text: str, weights: np.ndarray, *, name: str) -> Characters:
    """The characters of a text with their weights, (n,) of the first n of them; the rest was not read."""
    found = np.zeros(len(text))
    count = min(len(text), len(weights))
    found[:count] = weights[:count]
    return Characters(name, list(text), [round(float(each), 6) for each in found])
