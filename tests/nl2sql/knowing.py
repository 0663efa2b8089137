"""A network that knows the labels of some questions, for tests of what is made of a network's outputs."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.padding import PaddedShape
from tasks.text.tokenization import Tokenizer

SURE = 12.0
CLASSES = {"connector": 3, "number": 5, "select": 7, "tags": 5}


def knowing(examples: Sequence[SketchExample], tokenizer: Tokenizer, *, sure: float = SURE) -> Any:
    """In the place of a `SketchNetwork`; questions are found by their characters."""
    known = {_name(features.inputs([each], tokenizer)["characters"][0]): each for each in examples}

    def predict_on_batch(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        batch = [known[_name(row)] for row in inputs["characters"]]
        columns, tokens = inputs["pairs"].shape[1:3]
        targets = features.targets(batch, PaddedShape(tokens, columns, sequence=0))
        found = {name: sure * np.eye(size)[targets[name]] for name, size in CLASSES.items()}
        found["column"] = sure * np.eye(columns)[targets["column"]]
        found["operators"] = sure * targets["operators"]
        found["begins"] = sure * (2.0 * targets["begins"] - 1)
        return {name: value.astype(np.float32) for name, value in found.items()}

    return SimpleNamespace(model=SimpleNamespace(predict_on_batch=predict_on_batch))


def _name(characters: np.ndarray) -> tuple[int, ...]:
    return tuple(characters[characters != 0].tolist())
