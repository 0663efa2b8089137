"""The network, for training and prediction.

To fill in: other layers. Keep the name of the output, `main`.
"""

from typing import Any

from tasks.my_images.config import Network


def build_network(settings: Network, *, size_pixels: int, class_count: int) -> Any:
    """A network from (b, size, size, 3) images of 0 to 255 to (b, k) probabilities, named `main`."""
    import keras
    from keras import layers

    images = keras.Input((size_pixels, size_pixels, 3))
    features = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for width in settings.widths:
        features = layers.Conv2D(width, 3, padding="same", use_bias=False)(features)
        features = layers.BatchNormalization(momentum=0.9)(features)
        features = layers.Activation("relu")(features)
        features = layers.MaxPooling2D(padding="same")(features)
    pooled = layers.Dropout(settings.dropout)(layers.GlobalAveragePooling2D()(features))
    main = layers.Dense(class_count, activation="softmax", name="main", dtype="float32")(pooled)
    return keras.Model(images, {"main": main})
