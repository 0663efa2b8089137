"""Padded shapes of sentences, and those with which predictions are made, stored beside a model."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.learning.training.padded_shapes import Padding, Shape
from tasks.text.tokenization import EXTRA

FILE = "shapes.json"
"""Beside the weights of a model: rows `[sizes, rows]`."""
MULTIPLE = 8
"""Lengths are multiples of this, so that the folds of a training share most of their shapes."""


def of_sentences(longest: int, *, characters: int) -> Padding:
    """Sentences of sizes (tokens,), so many in a batch that it has at most these characters.

    Args:
        longest: most characters of a sentence.
    """
    return Padding(
        multiples=(MULTIPLE,),
        limits=(longest + EXTRA,),
        work=lambda sizes: sizes[..., 0].astype(float),
        rows=lambda sizes: np.maximum(1, characters // sizes[..., 0]),
    )


def write(folder: Path, shapes: Sequence[Shape]) -> None:
    """Write the shapes in which a model's training has seen the records that it predicted."""
    (folder / FILE).write_text(json.dumps([[shape.sizes, shape.rows] for shape in shapes]), "utf-8")


def read(models: Sequence[Path]) -> tuple[Shape, ...]:
    """The shapes beside the first of the models that predict together; none where it has no such file."""
    if not models or not (models[0] / FILE).exists():
        return ()
    rows = json.loads((models[0] / FILE).read_text("utf-8"))
    return tuple(Shape(tuple(sizes), count) for sizes, count in rows)
