"""Image networks of keras-hub: presets by name (`keras_hub:<preset>`), or in a folder (`keras_hub`).

A preset's backbone is a model of its own inside the network, and so out of reach of `trunk.cut`, `until` and
the names of layers that learn. So its layers are put into the network one by one, under their own names.
"""

from typing import Any

from tasks.core.errors import InvalidSettings, MissingWeights
from tasks.core.locations import expand
from tasks.learning.pretrained.graphs import flattened, headless, pooled, up_to
from tasks.learning.pretrained.weights import check_finite, first_line, load_weights, weights_file

NAME = "keras_hub"
IMAGENET_CLASSES = 1000


def network(name: str, weights: str, *, size_pixels: int, until: str, logits: bool) -> Any:
    """Load a network of keras-hub as `tasks.learning.pretrained.backbones.load` describes.

    Args:
        name: `keras_hub:<preset>`, or `keras_hub` for the preset in the folder `weights`.

    Raises:
        InvalidSettings: there is no such layer, no classes, or the network needs another size of photographs.
        MissingWeights: the preset is not there, is none of an image network, or a download failed.
    """
    import keras

    keras.backend.clear_session()  # unnamed layers count from zero: the same names in every process
    preset, published = _preset(name, weights)
    if logits:
        _check_classes(preset, published)
    body, scale = _loaded(preset, size_pixels, classifier=logits, published=published)
    if not published and weights != "none":
        load_weights(body, weights_file(weights))
    if published:
        check_finite(body, f"keras_hub: {preset}")
    if logits:
        _make_scores(body, preset)
    _check_size(body, size_pixels)
    inputs = keras.Input((size_pixels, size_pixels, 3), name="photographs")
    flat = flattened(inputs, scale, body, nested=(body.backbone,) if logits else ())
    if logits:
        return headless(flat, logits=True)
    return pooled(up_to(flat, until) if until else flat)


def _preset(name: str, weights: str) -> tuple[str, bool]:
    """The preset as keras-hub takes it, and whether its own weights are wanted."""
    _, named, preset = name.partition(":")
    folder = expand(preset if named else weights)
    if not named:
        if not (folder / "config.json").is_file():
            expected = "the folder of a preset of keras-hub, with a config.json,"
            raise MissingWeights(
                f"trunk.backbones.weights: expected {expected} received {weights!r} ({folder})"
            )
        return str(folder), True
    if folder.is_dir():  # keras-hub would read it, though its contents are in no key
        raise InvalidSettings(
            f"trunk.backbones.name: expected the name of a preset, received that of a folder ({folder}); "
            f"for a folder set name = 'keras_hub' and weights = {preset!r}"
        )
    return preset, weights == "imagenet"


def _loaded(preset: str, size: int, *, classifier: bool, published: bool) -> tuple[Any, Any]:
    """The classifier or backbone of a preset, and the layer that scales photographs for it."""
    import keras_hub

    kind = keras_hub.models.ImageClassifier if classifier else keras_hub.models.Backbone
    try:
        body = kind.from_preset(preset, load_weights=published)
        scale = keras_hub.layers.ImageConverter.from_preset(preset, image_size=(size, size))
    except Exception as error:
        raise MissingWeights(
            f"keras_hub: {preset} cannot be loaded ({first_line(error)}); presets are downloaded once "
            "(name = 'keras_hub:<preset>') or read from a folder (name = 'keras_hub', weights = '<folder>')"
        ) from error
    return body, scale


def _check_classes(preset: str, published: bool) -> None:
    """Raise InvalidSettings if a preset has no classifier: keras-hub would make one with random weights."""
    from keras_hub.src.utils.preset_utils import check_file_exists

    for file in ("task.json", "task.weights.h5")[: 2 if published else 1]:
        try:
            found = check_file_exists(preset, file)
        except Exception as error:
            raise MissingWeights(f"keras_hub: {preset} cannot be read ({first_line(error)})") from error
        if not found:
            raise InvalidSettings(
                "trunk.backbones.logits: expected a preset with a classifier, "
                f"received {preset} without {file}"
            )


def _make_scores(classifier: Any, preset: str) -> None:
    """Let the classifier give logits; raises InvalidSettings if they are not those of ImageNet's classes."""
    import keras

    last = classifier.layers[-1]
    if not isinstance(last, keras.layers.Dense) or last.units != IMAGENET_CLASSES:
        received = f"{preset}, which ends with {type(last).__name__} {last.name} → {classifier.output.shape}"
        expected = f"a classifier that ends with a dense layer of ImageNet's {IMAGENET_CLASSES:,} classes"
        raise InvalidSettings(f"trunk.backbones.logits: expected {expected}, received {received}")
    last.activation = keras.activations.linear


def _check_size(body: Any, size: int) -> None:
    shape = body.input.shape
    if any(side not in (None, size) for side in shape[1:3]):
        expected = f"{shape[1]}, for which {body.name} is made"
        raise InvalidSettings(f"trunk.backbones.size_pixels: expected {expected}, received {size}")
