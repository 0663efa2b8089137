"""Pretrained image networks, split into a frozen trunk and a trainable top.

Names are those of `keras.applications` (Chollet et al.), `keras_hub:<preset>` and `keras_hub` for presets by
name and in a folder (`tasks.learning.pretrained.hub`), or `small`, a small network without residual
connections that is trained from scratch. Weights may be in a file, also in one of only the first layers of a
network: `until` then names the last of them.
"""

import inspect
from functools import partial
from pathlib import Path
from typing import Any

from tasks.core.errors import InvalidSettings, MissingWeights
from tasks.learning.layers.nesting import nested_layers
from tasks.learning.pretrained import hub
from tasks.learning.pretrained.graphs import headless, output_of, pooled, up_to
from tasks.learning.pretrained.weights import first_line, fits, load_weights, weights_file

SMALL_BLOCKS = ((24, 5, 2, False), (32, 3, 1, True), (64, 3, 1, True), (96, 3, 1, True), (128, 3, 1, False))
"""Width, kernel size, stride, and whether pooling follows, of each block of `small`."""


def load(name: str, weights: str, *, size_pixels: int, until: str = "", logits: bool = False) -> Any:
    """Load a network as a Keras model from photographs to features.

    Inputs are (b, size, size, 3) float32 in 0 … 255; the network's preprocessing is part of the model.
    Outputs are (b, d): pooled features, followed by the logits of the ImageNet classes if `logits`.

    Args:
        weights: `imagenet`, `none` or a file; of `keras_hub` a folder.
        size_pixels: height and width of the photographs.
        until: the last layer of the network to use; empty for all.
        logits: whether the outputs include the logits of the ImageNet classes.

    Raises:
        InvalidSettings: there is no such network, layer, or combination.
        MissingWeights: the file is absent or does not fit, or a download failed.
    """
    if name == "small":
        return small(size_pixels)
    if name.partition(":")[0] == hub.NAME:
        return hub.network(name, weights, size_pixels=size_pixels, until=until, logits=logits)
    return _from_applications(name, weights, size_pixels, until=until, logits=logits)


def save_weights(name: str, weights: str, file: Path, *, size_pixels: int, until: str, logits: bool) -> None:
    """Write the weights of a network of `keras.applications` to a file that `load` takes in their place.

    Args:
        weights: `imagenet` or `none`.
        file: ends `.weights.h5`.
    """
    builder, named = _builder(name, size_pixels), None if weights == "none" else weights
    if logits:
        model = _built(builder, name, named, include_top=True, classifier_activation=None)
    else:
        model = _built(builder, name, named, include_top=False)
        model = up_to(model, until) if until else pooled(model)
    model.save_weights(file)


def cut(model: Any, layer: str) -> tuple[Any, Any]:
    """Split a model after the named layer into trunk (photographs → activations) and top (→ features).

    Raises:
        InvalidSettings: there is no such layer, or a shortcut bypasses it.
    """
    import keras

    middle = output_of(model, layer, setting="trunk.cut")
    try:
        top = keras.Model(middle, model.output, name="top")
    except ValueError as error:
        raise InvalidSettings(
            f"trunk.cut: expected a layer that everything passes through, received {layer!r} ({error})"
        ) from error
    return keras.Model(model.input, middle, name="trunk"), top


def freeze_statistics(model: Any) -> None:
    """Freeze every batch normalisation, so that it uses the statistics of its pretraining.

    Those inside other layers are frozen too. Few photographs give poor statistics, and in some weight files
    they are folded into the kernels.
    """
    import keras

    for _, layer in nested_layers(model.layers):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def small(size_pixels: int) -> Any:
    """Build a small convolutional network, which trains from scratch in a minute on a processor.

    Batch normalisation has a momentum of 0.9, since such trainings take only some hundred steps.
    """
    import keras
    from keras import layers

    inputs = keras.Input((size_pixels, size_pixels, 3), name="photographs")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(inputs)
    for index, (width, kernel, stride, pools) in enumerate(SMALL_BLOCKS, start=1):
        convolution = layers.Conv2D(
            width, kernel, strides=stride, padding="same", use_bias=False, name=f"block{index}_conv"
        )
        x = layers.BatchNormalization(name=f"block{index}_norm", momentum=0.9)(convolution(x))
        x = layers.Activation("relu", name=f"block{index}_relu")(x)
        if pools:
            x = layers.MaxPooling2D(2, name=f"block{index}_pool")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, x, name="small")


def _from_applications(name: str, weights: str, size: int, *, until: str, logits: bool) -> Any:
    builder = _builder(name, size)
    if weights in ("imagenet", "none"):
        return _downloaded(builder, name, None if weights == "none" else weights, until, logits)
    path = weights_file(weights)
    if until:
        return pooled(load_weights(up_to(builder(include_top=False, weights=None), until), path))
    complete = builder(include_top=True, weights=None, classifier_activation=None)
    if fits(complete, path):
        return headless(complete, logits=logits)
    if logits:
        raise MissingWeights(f"{path}: expected a network with its classes for logits, received none")
    return load_weights(pooled(builder(include_top=False, weights=None)), path)


def _builder(name: str, size: int) -> Any:
    """The constructor of a network that scales photographs in 0 … 255 as it needs them."""
    import keras

    from tasks.learning.pretrained.preprocess_layer import Preprocess

    build = getattr(keras.applications, name, None)
    if not inspect.isfunction(build):
        names = [each for each in dir(keras.applications) if each[0].isupper()]
        raise InvalidSettings(
            f"trunk.backbones.name: expected one of {', '.join(names)}, small, keras_hub, "
            f"keras_hub:<preset>; received {name!r}"
        )
    keras.backend.clear_session()  # unnamed layers count from zero: the same names in every process
    inputs = keras.Input((size, size, 3), name="photographs")
    return partial(build, input_tensor=Preprocess(name, name="preprocess")(inputs))


def _downloaded(builder: Any, name: str, weights: str | None, until: str, logits: bool) -> Any:
    if logits:
        return headless(
            _built(builder, name, weights, include_top=True, classifier_activation=None), logits=True
        )
    model = _built(builder, name, weights, include_top=False)
    return pooled(up_to(model, until) if until else model)


def _built(builder: Any, name: str, weights: str | None, **options: Any) -> Any:
    try:
        return builder(weights=weights, **options)
    except Exception as error:
        raise MissingWeights(
            f"{name}: cannot be built with its ImageNet weights, which are downloaded once "
            f"({first_line(error)}); set trunk.backbones.weights to a file"
        ) from error
