"""Pretrained image networks, cut into a frozen trunk and a top that learns.

Names are those of `keras.applications` (Chollet et al.), `keras_hub:<preset or folder>`, or `small`,
a little residual-free network trained from scratch. Weights may lie in a file, also in one that holds
only the first part of a network: `until` then names the last layer it has.
"""

import inspect
from functools import partial
from typing import Any

from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings, MissingWeights
from tasks.learning.pretrained.weights import filled, first_line, fits, weights_file

SMALL_BLOCKS = (
    (24, 5, 2, False),
    (32, 3, 1, True),
    (64, 3, 1, True),
    (96, 3, 1, True),
    (128, 3, 1, False),
)
"""Width, kernel, stride, and whether pooling follows, of each block of `small`."""


def load(name: str, weights: str, *, size_pixels: int, until: str = "", logits: bool = False) -> Any:
    """A Keras model from photographs to features.

    Input (b, size, size, 3) float32 in 0 … 255; its own preprocessing is part of the model. Output
    (b, d): pooled features, with the scores of the ImageNet classes behind them if `logits`.

    Raises:
        InvalidSettings: no such network, layer, or combination.
        MissingWeights: the file is absent or does not fit, or a download failed.
    """
    if name == "small":
        return small(size_pixels)
    if name.startswith("keras_hub:"):
        return _from_keras_hub(name.removeprefix("keras_hub:"), weights, size_pixels)
    return _from_applications(name, weights, size_pixels, until=until, logits=logits)


def cut(model: Any, layer: str) -> tuple[Any, Any]:
    """Split a model after a layer into (trunk, top): photographs → activations → features.

    Raises:
        InvalidSettings: there is no such layer, or a shortcut leads around it.
    """
    import keras

    if layer not in {each.name for each in model.layers}:
        raise _unknown_layer("trunk.cut", layer, model)
    middle = model.get_layer(layer).output
    try:
        top = keras.Model(middle, model.output, name="top")
    except ValueError as error:
        raise InvalidSettings(
            f"trunk.cut: expected a layer that everything passes through, received {layer!r} ({error})"
        ) from error
    return keras.Model(model.input, middle, name="trunk"), top


def freeze_statistics(model: Any) -> None:
    """Keep every batch normalisation in inference mode, with the statistics it was trained with.

    Few photographs give poor statistics, and some weight files have them folded into the kernels.
    """
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def small(size_pixels: int) -> Any:
    """A little convolutional network that learns from scratch in a minute on a processor.

    Batch normalisation follows fast (momentum 0.9), since such trainings take some hundred steps.
    """
    import keras
    from keras import layers

    inputs = keras.Input((size_pixels, size_pixels, 3), name="photographs")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(inputs)
    for index, (width, kernel, stride, pooled) in enumerate(SMALL_BLOCKS, start=1):
        convolution = layers.Conv2D(
            width, kernel, strides=stride, padding="same", use_bias=False, name=f"block{index}_conv"
        )
        x = layers.BatchNormalization(name=f"block{index}_norm", momentum=0.9)(convolution(x))
        x = layers.Activation("relu", name=f"block{index}_relu")(x)
        if pooled:
            x = layers.MaxPooling2D(2, name=f"block{index}_pool")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, x, name="small")


def _from_applications(name: str, weights: str, size: int, *, until: str, logits: bool) -> Any:
    builder = _builder(name, size)
    if weights in ("imagenet", "none"):
        return _named(builder, name, None if weights == "none" else weights, until, logits)
    path = weights_file(weights)
    if until:
        return _pooled(filled(_until(builder(include_top=False, weights=None), until), path))
    complete = builder(include_top=True, weights=None, classifier_activation=None)
    if fits(complete, path):
        return _headless(complete, logits=logits)
    if logits:
        raise MissingWeights(f"{path}: expected a network with its classes for logits, received none")
    return filled(_pooled(builder(include_top=False, weights=None)), path)


def _builder(name: str, size: int) -> Any:
    """The network's constructor over photographs in 0 … 255, its own scaling put in front."""
    import keras

    build = getattr(keras.applications, name, None)
    if not inspect.isfunction(build):
        known = [each for each in dir(keras.applications) if each[0].isupper()]
        raise InvalidSettings(
            f"trunk.backbones.name: expected one of {', '.join(known)}, small, keras_hub:<preset>; "
            f"received {name!r}"
        )
    keras.backend.clear_session()  # unnamed layers count from zero: the same names in every process
    inputs = keras.Input((size, size, 3), name="photographs")
    return partial(build, input_tensor=_preprocess(name)(inputs))


def _named(builder: Any, name: str, weights: str | None, until: str, logits: bool) -> Any:
    try:
        if logits:
            complete = builder(include_top=True, weights=weights, classifier_activation=None)
            return _headless(complete, logits=True)
        model = builder(include_top=False, weights=weights)
    except Exception as error:
        raise MissingWeights(
            f"{name}: cannot be built with its ImageNet weights, which are downloaded once "
            f"({first_line(error)}); set trunk.backbones.weights to a file"
        ) from error
    return _pooled(_until(model, until) if until else model)


def _headless(model: Any, *, logits: bool) -> Any:
    """From the input to the pooled features below the last dense layer."""
    import keras

    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)][-1]
    features = dense.input
    outputs = keras.ops.concatenate([features, dense.output], axis=-1) if logits else features
    return keras.Model(model.input, outputs)


def _until(model: Any, layer: str) -> Any:
    import keras

    if layer not in {each.name for each in model.layers}:
        raise _unknown_layer("trunk.backbones.until", layer, model)
    return keras.Model(model.input, model.get_layer(layer).output)


def _pooled(model: Any) -> Any:
    """The model with (b, h, w, c) or (b, tokens, c) outputs averaged to (b, c)."""
    import keras

    rank = len(model.output.shape)
    if rank == 2:
        return model
    pool = keras.layers.GlobalAveragePooling2D if rank == 4 else keras.layers.GlobalAveragePooling1D
    return keras.Model(model.input, pool(name="pool")(model.output))


def _preprocess(name: str) -> Any:
    """A layer for the network's own scaling of photographs in 0 … 255."""
    import keras

    function = _module_of(name).preprocess_input

    class Preprocess(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return function(inputs)

    return Preprocess(name="preprocess")


def _module_of(name: str) -> Any:
    import keras

    for attribute in dir(keras.applications):
        module = getattr(keras.applications, attribute)
        if hasattr(module, "preprocess_input") and hasattr(module, name):
            return module
    raise InvalidSettings(f"trunk.backbones.name: no preprocessing is known for {name!r}")


def _from_keras_hub(preset: str, weights: str, size: int) -> Any:
    """A backbone of keras-hub (a preset's name or its folder); tokens or maps are averaged."""
    import keras
    import keras_hub

    try:
        body = keras_hub.models.Backbone.from_preset(preset, load_weights=weights == "imagenet")
        scale = keras_hub.layers.ImageConverter.from_preset(preset, image_size=(size, size))
    except Exception as error:
        raise MissingWeights(
            f"keras_hub:{preset}: cannot be loaded, presets are downloaded once "
            f"({first_line(error)}); give the folder of a saved preset"
        ) from error
    if weights not in ("imagenet", "none"):
        filled(body, weights_file(weights))
    inputs = keras.Input((size, size, 3), name="photographs")
    outputs = body(scale(inputs))
    return _pooled(keras.Model(inputs, outputs, name=body.name))


def _unknown_layer(setting: str, layer: str, model: Any) -> InvalidSettings:
    hint = suggestion(layer, [each.name for each in model.layers])
    last = ", ".join(each.name for each in model.layers[-3:])
    return InvalidSettings(
        f"{setting}: expected a layer of {model.name} (the last are {last}), received {layer!r}{hint}"
    )
