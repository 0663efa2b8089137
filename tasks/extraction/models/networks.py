"""The networks of the three methods, each as a model to train and models to predict with."""

from typing import Any, NamedTuple

import keras
from keras import layers, ops

from tasks.extraction.config import Recipe
from tasks.extraction.models.heads import ConditionalObjects, ObjectGraph, SubjectGraph, SubjectTags
from tasks.learning.layers.factored_pointer import FactoredPointer, factored_zlpr
from tasks.learning.layers.global_pointer import EfficientGlobalPointer
from tasks.learning.layers.losses import cross_entropy, sparse_zlpr
from tasks.learning.seeds import derive
from tasks.text.encoders import Encoded, encoded
from tasks.text.tokenization import Reader

HEAD_DROPOUT = 0.1


class Network(NamedTuple):
    """Models that share all weights."""

    training: Any
    """inputs → outputs by name, which losses take."""
    sentence: Any
    """inputs → whatever a sentence's triples are decoded from, by name."""
    objects: Any
    """What `sentence` gives of some sentences, and a `span` (b, 2) in each → (b, n, 2·k) log-probabilities
    of the span's objects; None where a method needs no second look."""
    losses: dict[str, Any]


def build(recipe: Recipe, reader: Reader, *, predicates: int, seed: int) -> Network:
    """A fresh network of the recipe's method."""
    base = encoded(reader, seed=derive(seed, "encoder"))
    if recipe.method == "gplinker":
        return _gplinker(base, predicates=predicates, seed=seed)
    return _tagging(base, recipe, reader, predicates=predicates, seed=seed)


def _gplinker(base: Encoded, *, predicates: int, seed: int) -> Network:
    """GPLinker (Su, kexue.fm/archives/8888) with efficient global pointers."""
    hidden = layers.Dropout(HEAD_DROPOUT, seed=derive(seed, "head"))(base.hidden)
    entity = EfficientGlobalPointer(2, seed=derive(seed, "entity"), name="entity")
    ends = {
        name: FactoredPointer(predicates, seed=derive(seed, name), name=name) for name in ("head", "tail")
    }
    outputs = {"entity": entity(hidden, base.mask)}
    outputs |= {name: layer(hidden, base.mask) for name, layer in ends.items()}
    model = keras.Model(base.inputs, outputs)
    return Network(model, model, None, {"entity": entity_loss, "head": factored_zlpr, "tail": factored_zlpr})


def _tagging(base: Encoded, recipe: Recipe, reader: Reader, *, predicates: int, seed: int) -> Network:
    """Subjects first, then the objects of one subject at a time.

    In training every sentence has `subjects` of them: what is of subjects (`object`, `distant_objects`) has
    b · subjects rows, those of one sentence side by side.
    """
    subjects = recipe.training.subjects
    given = {"span": keras.Input((subjects, 2), dtype="int32", name="span")}
    if recipe.distant:
        given["distant"] = keras.Input((None, 2), name="distant")
        given["distant_objects"] = keras.Input((None, 2 * predicates), name="distant_objects")
    heads = _pointer if recipe.method == "pointer" else _casrel
    of_sentence, of_span = heads(base, reader, predicates=predicates, seed=seed)
    sentence = of_sentence(given.get("distant"))
    repeated = {
        name: ops.repeat(value, subjects, axis=0) if subjects > 1 else value
        for name, value in sentence.items()
    }
    distant = None
    if recipe.distant:
        both = [ops.repeat(given["distant"], subjects, axis=0), given["distant_objects"]]
        distant = ops.concatenate(both, axis=-1)
    objects = of_span(repeated, ops.reshape(given["span"], (-1, 2)), distant)
    training = keras.Model({**base.inputs, **given}, {"subject": sentence["subject"], "object": objects})
    alone = {"distant": given["distant"]} if recipe.distant else {}
    return Network(
        training,
        keras.Model({**base.inputs, **alone}, sentence),
        _objects_alone(sentence, of_span, distant=2 + 2 * predicates if recipe.distant else 0),
        {"subject": tag_loss, "object": tag_loss},
    )


def _objects_alone(sentence: dict[str, Any], of_span: Any, *, distant: int) -> Any:
    """The second look as a model of its own."""
    inputs = {
        name: keras.Input(value.shape[1:], dtype=value.dtype, name=name)
        for name, value in sentence.items()
        if name != "subject"
    }
    inputs["span"] = keras.Input((2,), dtype="int32", name="span")
    if distant:
        inputs["distant_both"] = keras.Input((None, distant), name="distant_both")
    return keras.Model(inputs, of_span(inputs, inputs["span"], inputs.get("distant_both")))


def _pointer(base: Encoded, reader: Reader, *, predicates: int, seed: int) -> tuple[Any, Any]:
    graph = SubjectGraph(predicates, derive(seed, "subjects"), name="subjects")
    objects = ObjectGraph(
        predicates, base.width, derive(seed, "objects"), longest=reader.longest, name="objects"
    )

    def of_sentence(distant: Any) -> dict[str, Any]:
        return {**graph(base.hidden, base.mask, distant), "hidden": base.hidden, "mask": base.mask}

    def of_span(sentence: dict[str, Any], span: Any, distant: Any) -> Any:
        return objects(sentence, span, distant)

    return of_sentence, of_span


def _casrel(base: Encoded, reader: Reader, *, predicates: int, seed: int) -> tuple[Any, Any]:
    tags = SubjectTags(derive(seed, "subjects"), name="subjects")
    objects = ConditionalObjects(predicates, derive(seed, "objects"), name="objects")

    def of_sentence(distant: Any) -> dict[str, Any]:
        return {"subject": tags(base.hidden), "hidden": base.hidden}

    def of_span(sentence: dict[str, Any], span: Any, distant: Any) -> Any:
        return objects(sentence["hidden"], span)

    return of_sentence, of_span


def tag_loss(targets: Any, log_probabilities: Any) -> Any:
    """Cross-entropy summed over classes, averaged over tokens; targets are -1 at padding.

    The classes are halves, starts and ends; each sentence's sum counts once for each of its subjects.
    """
    known = ops.cast(targets >= 0, "float32")
    entropy = cross_entropy(log_probabilities, ops.maximum(ops.cast(targets, "float32"), 0.0)) * known
    return ops.sum(entropy) / ops.maximum(ops.sum(known[..., 0]), 1.0)


def entity_loss(targets: Any, scores: Any) -> Any:
    """Sparse ZLPR of spans, summed over subjects and objects: (b,)."""
    flat = ops.reshape(scores, (-1, scores.shape[1], ops.shape(scores)[2] * ops.shape(scores)[3]))
    return ops.sum(sparse_zlpr(flat, ops.cast(targets, "int32")), axis=-1)
