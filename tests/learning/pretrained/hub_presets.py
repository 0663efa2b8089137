"""Tiny image networks, saved in the layout of keras-hub's presets, with random weights and statistics."""

from pathlib import Path
from typing import Any

import numpy as np


def convolutional(folder: Path, *, classes: int = 1000, activation: str | None = None) -> Any:
    """A classifier whose backbone has batch normalisations at its top and inside its blocks."""
    import keras_hub

    backbone = keras_hub.models.EfficientNetBackbone(
        stackwise_width_coefficients=[1.0, 1.0],
        stackwise_depth_coefficients=[1.0, 1.0],
        stackwise_kernel_sizes=[3, 3],
        stackwise_num_repeats=[1, 2],
        stackwise_input_filters=[8, 8],
        stackwise_output_filters=[8, 16],
        stackwise_expansion_ratios=[1, 2],
        stackwise_squeeze_and_excite_ratios=[0.25, 0.25],
        stackwise_strides=[1, 2],
        stackwise_block_types=["v1", "unfused"],
        stackwise_force_input_filters=[0, 0],
        dropout=0.0,
        input_shape=(None, None, 3),
    )
    return _saved("EfficientNet", backbone, folder, num_classes=classes, activation=activation)


def transformer(folder: Path, *, classes: int = 1000, activation: str | None = None) -> Any:
    """A classifier whose backbone has an encoder of three blocks, for photographs of 32 pixels."""
    import keras_hub

    backbone = keras_hub.models.ViTBackbone(
        image_shape=(32, 32, 3), patch_size=8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32
    )
    return _saved("ViT", backbone, folder, num_classes=classes, activation=activation)


def xception(folder: Path, *, classes: int = 1000, activation: str | None = None) -> Any:
    """A classifier with an entry, a middle, a last residual and an exit block as Xception has them."""
    import keras_hub

    backbone = keras_hub.models.XceptionBackbone(
        stackwise_conv_filters=[[4], [6], [6], [8], [8]],
        stackwise_pooling=[False, True, False, True, False],
        image_shape=(None, None, 3),
    )
    return _saved("Xception", backbone, folder, num_classes=classes, activation=activation)


def _saved(kind: str, backbone: Any, folder: Path, **options: Any) -> Any:
    import keras_hub

    converter = getattr(keras_hub.layers, f"{kind}ImageConverter")
    preprocessor = getattr(keras_hub.models, f"{kind}ImageClassifierPreprocessor")
    scale = converter(image_size=(32, 32), scale=1 / 127.5, offset=-1.0)
    classifier = getattr(keras_hub.models, f"{kind}ImageClassifier")(
        backbone=backbone, preprocessor=preprocessor(image_converter=scale), **options
    )
    random = np.random.default_rng(0)
    for weight in classifier.weights:
        low = 0.5 if weight.name.endswith(("gamma", "variance")) else -0.3
        weight.assign(random.uniform(low, low + 0.6, weight.shape))
    classifier.save_to_preset(str(folder))
    return classifier
