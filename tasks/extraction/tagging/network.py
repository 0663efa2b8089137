"""The network that `pointer` and `casrel` share: subjects as tags, and objects as tags of one subject."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from tasks.extraction.config import Recipe
from tasks.extraction.models.network import TripleNetwork
from tasks.learning.layers.losses import cross_entropy
from tasks.text.encoders import Encoded


def assemble(
    base: Encoded,
    recipe: Recipe,
    sentence_head: Callable[[Any], dict[str, Any]],
    object_head: Callable[[dict[str, Any], Any, Any], Any],
    *,
    predicates: int,
) -> TripleNetwork:
    """The models of a network that finds subjects first, then the objects of one subject at a time.

    In training every sentence has `subjects` of them: what belongs to subjects (`object`, `distant_objects`)
    has b · subjects rows, those of one sentence side by side.

    Args:
        sentence_head: (distant channels (b, n, 2) or None) → outputs of the sentence by name, with `subject`.
        object_head: (outputs of the sentence, span (b, 2), distant channels (b, n, 2 + 2 · k) or None) →
            (b, n, 2 · k) log-probabilities.
    """
    subjects = recipe.training.subjects
    inputs = {"span": keras.Input((subjects, 2), dtype="int32", name="span")}
    if recipe.distant:
        inputs["distant"] = keras.Input((None, 2), name="distant")
        inputs["distant_objects"] = keras.Input((None, 2 * predicates), name="distant_objects")
    sentence = sentence_head(inputs.get("distant"))
    repeated = {
        name: ops.repeat(value, subjects, axis=0) if subjects > 1 else value
        for name, value in sentence.items()
    }
    distant = None
    if recipe.distant:
        both = [ops.repeat(inputs["distant"], subjects, axis=0), inputs["distant_objects"]]
        distant = ops.concatenate(both, axis=-1)
    objects = object_head(repeated, ops.reshape(inputs["span"], (-1, 2)), distant)
    training = keras.Model({**base.inputs, **inputs}, {"subject": sentence["subject"], "object": objects})
    alone = {"distant": inputs["distant"]} if recipe.distant else {}
    return TripleNetwork(
        training,
        keras.Model({**base.inputs, **alone}, sentence),
        _object_model(sentence, object_head, distant=2 + 2 * predicates if recipe.distant else 0),
        {"subject": tag_loss, "object": tag_loss},
    )


def _object_model(sentence: dict[str, Any], head: Any, *, distant: int) -> Any:
    """The objects of given subjects as a model of its own."""
    inputs = {
        name: keras.Input(value.shape[1:], dtype=value.dtype, name=name)
        for name, value in sentence.items()
        if name != "subject"
    }
    inputs["span"] = keras.Input((2,), dtype="int32", name="span")
    if distant:
        inputs["distant_both"] = keras.Input((None, distant), name="distant_both")
    return keras.Model(inputs, head(inputs, inputs["span"], inputs.get("distant_both")))


def tag_loss(targets: Any, log_probabilities: Any) -> Any:
    """Cross-entropy summed over classes, averaged over tokens; targets are -1 at padding and where unknown.

    The classes are halves, starts and ends; each sentence's sum counts once for each of its subjects.
    """
    counted = ops.cast(targets >= 0, "float32")
    entropy = cross_entropy(log_probabilities, ops.maximum(ops.cast(targets, "float32"), 0.0)) * counted
    return ops.sum(entropy) / ops.maximum(ops.sum(ops.max(counted, axis=-1)), 1.0)
