"""The breed model: trainable layers on top of the frozen trunk, losses, and the layers a stage trains.

Head `glu` and its losses: the published network of the competition's seed (a gated unit of 64, trainable
class centres after Wen et al., ECCV 2016, an auxiliary softmax on the raw features).
"""

from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.errors import InvalidSettings
from tasks.dogs.config import Head, Recipe
from tasks.dogs.trunk import trainable_part
from tasks.learning.layers.nesting import nested_layers
from tasks.learning.pretrained import backbones
from tasks.learning.training.optimizers import layer_factors

IMAGENET_CLASSES = 1000
ABSENT = -30.0
"""Logit of a class that no training record has."""
LEAST_SHRINKAGE = 1e-6
"""With less, the covariance would be singular where there are more features than records."""
HEAD_LAYERS = ("dropout", "gate", "gate_value", "main", "auxiliary", "distance")


def build_model(recipe: Recipe, *, shape: tuple[int, ...], class_count: int) -> Any:
    """From the trunk's output (or photographs, with nothing frozen) to a dict of heads.

    Args:
        shape: of one input, without the batch.

    Returns:
        Keras model with outputs `main` (b, k) probabilities and, for `glu`, `auxiliary` (b, k)
        probabilities and `distance` (b, k) squared distances to the class centres, all float32.
    """
    import keras

    inputs = keras.Input(shape, name="inputs")
    features = inputs if recipe.trunk.cut == "pool" else _top(recipe)(inputs)
    outputs = _heads(recipe.head, class_count)(features)
    return keras.Model(inputs, outputs, name="breeds")


def _top(recipe: Recipe) -> Any:
    top = trainable_part(recipe.trunk)
    if recipe.trunk.backbones[0].weights != "none":
        backbones.freeze_statistics(top)
    top.kept = tuple(path for path, layer in nested_layers(top.layers) if not layer.trainable)
    top.name = "top"
    return top


def _heads(head: Head, class_count: int) -> Any:
    from keras import layers

    from tasks.learning.layers.class_distance import Distance

    softmax = {"activation": "softmax", "dtype": "float32"}

    def apply(features: Any) -> dict[str, Any]:
        dropped = layers.Dropout(head.dropout, name="dropout")(features)
        if head.kind == "linear":
            return {"main": layers.Dense(class_count, name="main", **softmax)(dropped)}
        gate = layers.Dense(head.width, activation="sigmoid", name="gate")(dropped)
        gated = layers.Multiply(name="gated")([layers.Dense(head.width, name="gate_value")(dropped), gate])
        return {
            "main": layers.Dense(class_count, name="main", **softmax)(gated),
            "auxiliary": layers.Dense(class_count, name="auxiliary", **softmax)(dropped),
            "distance": Distance(class_count, name="distance")(gated),
        }

    return apply


def losses(recipe: Recipe) -> tuple[dict[str, Any], dict[str, float]]:
    """Loss and weight of each head. Targets are (b, k), may be soft, and are already smoothed."""
    if recipe.head.kind == "linear":
        return {"main": "categorical_crossentropy"}, {"main": 1.0}
    weights = {"main": 1.0, "auxiliary": recipe.head.auxiliary_weight, "distance": recipe.head.center_weight}
    entropy = "categorical_crossentropy"
    return {"main": entropy, "auxiliary": entropy, "distance": expected_distance}, weights


def expected_distance(targets: Any, distances: Any) -> Any:
    """Mean over the batch of the distances weighted by the targets: ‖h − c_y‖² for hard labels."""
    from keras import ops

    return ops.sum(ops.cast(targets, "float32") * distances, axis=-1)


def select(model: Any, stage: Stage) -> dict[str, float]:
    """Set the layers trainable in a stage; returns factors on the learning rate by variable path.

    Raises:
        InvalidSettings: no layer of the top begins with the name the stage gives.
    """
    top = top_of(model)
    inner, kept = ([], ()) if top is None else (top.layers, top.kept)
    nested = list(nested_layers(inner))
    start = _first_trainable(nested, stage.trainable)
    for index, (path, layer) in enumerate(nested):  # a layer comes before those it consists of
        layer.trainable = index >= start and path not in kept
    heads = [layer for layer in model.layers if layer.name in HEAD_LAYERS]
    return layer_factors(inner, heads, decay=stage.layer_decay)


def top_of(model: Any) -> Any:
    """The part of a breed model between the frozen trunk and the head; None on pooled features."""
    return next((layer for layer in model.layers if layer.name == "top"), None)


def _first_trainable(layers: list[tuple[str, Any]], name: str) -> int:
    if name == "head":
        return len(layers)
    for index, (path, _) in enumerate(layers):
        if path.startswith(name):
            return index
    if not layers or not name:
        return 0
    outer = name.rpartition("/")[0]
    near = [path for path, layer in layers if layer.weights and path.rpartition("/")[0] == outer]
    names = ", ".join(near or [path for path, layer in layers if layer.weights and "/" not in path])
    raise InvalidSettings(
        f"training.stages.trainable: expected 'head' or the beginning of one of {names}; received {name!r}"
    )


def head_start(features: np.ndarray, labels: np.ndarray, head: Head, *, class_count: int) -> list[np.ndarray]:
    """Initial kernel (d, k) and bias (k,) of a linear head, from features of training records.

    The logit of a class without a record is `ABSENT`.

    Args:
        features: (n, d) float32; for `matched` the last columns are scores of ImageNet's classes.
        labels: (n,) class indices.
    """
    classes = np.unique(labels)
    kernel, bias = np.zeros((features.shape[1], class_count)), np.full(class_count, ABSENT)
    start = _discriminant if head.start == "discriminant" else _matched
    kernel[:, classes], bias[classes] = start(features, labels, head)
    return [kernel / head.temperature, bias / head.temperature]


def _discriminant(features: np.ndarray, labels: np.ndarray, head: Head) -> tuple[np.ndarray, np.ndarray]:
    """Linear discriminant with a covariance shrunken to a multiple of the identity (Friedman, JASA 1989).

    With a few dozen records a class, gradient steps do not find as good a solution. scikit-learn's uses a
    singular value decomposition: with 2,280 features it takes half a minute, and may not converge.
    """
    classes, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    features = features.astype(np.float64)
    means = np.stack([features[labels == each].mean(axis=0) for each in classes])
    within = features - means[place]
    shrinkage = max(head.shrinkage, LEAST_SHRINKAGE)
    covariance = (1 - shrinkage) * (within.T @ within) / len(within)
    variance = np.square(within).mean() or 1.0
    covariance[np.diag_indices_from(covariance)] += shrinkage * variance
    kernel = np.linalg.solve(covariance, means.T)
    return kernel, np.log(counts / len(labels)) - (means.T * kernel).sum(axis=0) / 2


def _matched(features: np.ndarray, labels: np.ndarray, head: Head) -> tuple[np.ndarray, np.ndarray]:
    """The logit of each breed is that of the ImageNet class most probable on its photographs."""
    scores = features[:, -IMAGENET_CLASSES:]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    likelihood = odds / odds.sum(axis=1, keepdims=True)
    classes = np.unique(labels)
    likeliest = [likelihood[labels == each].mean(axis=0).argmax() for each in classes]
    kernel = np.zeros((features.shape[1], len(classes)))
    kernel[features.shape[1] - IMAGENET_CLASSES + np.array(likeliest), np.arange(len(classes))] = 1
    return kernel, np.zeros(len(classes))
