"""Networks of keras-hub in folders that the tests write: features, scores, layers, and what is refused."""

import json
import marshal
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.errors import InvalidSettings, MissingWeights
from tasks.learning.layers.nesting import nested_layers
from tasks.learning.pretrained import backbones
from tests.learning.pretrained.hub_presets import convolutional, transformer

PRESETS = {"convolutional": convolutional, "transformer": transformer}
BLOCK = {"convolutional": "block2a_", "transformer": "vit_patching_and_embedding"}
"""A layer of each backbone that everything passes through."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a preset of each network, whose classifiers end with a softmax."""
    place = tmp_path_factory.mktemp("presets")
    for name, write in PRESETS.items():
        write(place / name, activation="softmax")
    return place


@pytest.fixture
def photographs() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)


def load(folder: Path, **options: Any) -> Any:
    return backbones.load("keras_hub", str(folder), size_pixels=32, **options)


@pytest.mark.parametrize("name", PRESETS)
def test_features_are_the_mean_of_what_the_backbone_gives(keras, folder, photographs, name):
    import keras_hub

    backbone = keras_hub.models.Backbone.from_preset(str(folder / name))
    outputs = backbone.predict_on_batch(photographs / 127.5 - 1)
    features = load(folder / name).predict_on_batch(photographs)
    axes = tuple(range(1, outputs.ndim - 1))
    np.testing.assert_allclose(features, outputs.mean(axis=axes), rtol=1e-4, atol=1e-5)
    assert features.std() > 0.01


@pytest.mark.parametrize("name", PRESETS)
def test_scores_of_the_classes_follow_the_features_they_are_made_of(keras, folder, photographs, name):
    import keras_hub

    outputs = load(folder / name, logits=True).predict_on_batch(photographs)
    features, scores = outputs[:, :-1000], outputs[:, -1000:]
    classifier = keras_hub.models.ImageClassifier.from_preset(str(folder / name))
    kernel, bias = classifier.get_layer("predictions").get_weights()
    np.testing.assert_allclose(features @ kernel + bias, scores, rtol=1e-4, atol=1e-4)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    classifier.preprocessor = None
    expected = classifier.predict_on_batch(photographs / 127.5 - 1)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-3, atol=1e-6)
    assert scores.std() > 0.1


@pytest.mark.parametrize("name", PRESETS)
def test_the_network_may_end_at_a_layer_of_the_backbone(keras, folder, photographs, name):
    import keras_hub

    backbone = keras_hub.models.Backbone.from_preset(str(folder / name))
    first = keras.Model(backbone.input, backbone.get_layer(BLOCK[name]).output)
    outputs = first.predict_on_batch(photographs / 127.5 - 1)
    features = load(folder / name, until=BLOCK[name]).predict_on_batch(photographs)
    axes = tuple(range(1, outputs.ndim - 1))
    np.testing.assert_allclose(features, outputs.mean(axis=axes), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("logits", [False, True])
def test_trunk_and_top_make_the_whole_network(keras, folder, photographs, name, logits):
    network = load(folder / name, logits=logits)
    whole = network.predict_on_batch(photographs)
    trunk, top = backbones.cut(network, BLOCK[name])
    parts = top.predict_on_batch(trunk.predict_on_batch(photographs))
    np.testing.assert_allclose(parts, whole, rtol=1e-5, atol=1e-5)
    assert len(trunk.weights) + len(top.weights) == len(network.weights)


def test_layers_have_the_names_of_the_backbone_in_every_process(keras, folder):
    names = [[layer.name for layer in load(folder / "convolutional").layers] for _ in range(2)]
    assert names[0] == names[1]
    assert {"photographs", "stem_conv", "block2b_", "top_bn", "pool"} <= set(names[0])


def test_statistics_are_frozen_inside_layers_too(keras, folder, photographs):
    network = load(folder / "convolutional")
    backbones.freeze_statistics(network)
    norms = [
        layer
        for _, layer in nested_layers(network.layers)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(norms) > len([layer for layer in network.layers if layer in norms]) > 0
    assert not any(norm.trainable_variables for norm in norms)
    before = [norm.moving_mean.numpy() for norm in norms]
    training = network(photographs, training=True)
    np.testing.assert_allclose(training, network(photographs, training=False), rtol=1e-5, atol=1e-6)
    for norm, mean in zip(norms, before, strict=True):
        np.testing.assert_array_equal(norm.moving_mean, mean)


def test_an_unknown_layer_names_the_nearest(keras, folder):
    with pytest.raises(InvalidSettings, match=r"until: .*received 'block2b' \(did you mean block2b_\?\)"):
        load(folder / "convolutional", until="block2b")


def test_a_cut_inside_a_layer_is_refused(keras, folder):
    network = load(folder / "transformer")
    with pytest.raises(InvalidSettings, match=r"trunk\.cut: .*layers inside another"):
        backbones.cut(network, "vit_encoder/transformer_block_2")


def test_another_size_than_the_networks_is_refused(keras, folder):
    with pytest.raises(InvalidSettings, match=r"size_pixels: expected 32, for which .* received 48"):
        backbones.load("keras_hub", str(folder / "transformer"), size_pixels=48)


def test_a_network_without_a_fixed_size_takes_others(keras, folder):
    network = backbones.load("keras_hub", str(folder / "convolutional"), size_pixels=48)
    assert network.predict_on_batch(np.ones((1, 48, 48, 3), np.float32)).shape == (1, 1280)


def test_scores_need_a_classifier_with_weights(keras, folder, tmp_path):
    for file in (folder / "convolutional").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "task.weights.h5").unlink()
    with pytest.raises(InvalidSettings, match=r"logits: expected a preset with a classifier.*task\.weights"):
        load(tmp_path, logits=True)
    (tmp_path / "task.json").unlink()
    with pytest.raises(InvalidSettings, match=r"logits: expected a preset with a classifier.*task\.json"):
        load(tmp_path, logits=True)
    assert load(tmp_path).output.shape == (None, 1280)


def test_scores_of_other_classes_than_imagenets_are_refused(keras, tmp_path):
    convolutional(tmp_path, classes=7)
    with pytest.raises(InvalidSettings, match=r"logits: expected .*1,000 classes, received .*7"):
        load(tmp_path, logits=True)


def test_folders_may_hold_variables_and_the_home_folder(keras, folder, monkeypatch):
    monkeypatch.setenv("WEIGHTS", str(folder))
    monkeypatch.setenv("HOME", str(folder))
    for path in ("$WEIGHTS/transformer", "~/transformer"):
        assert load(path).output.shape == (None, 16)


def test_a_folder_without_a_preset_is_named(keras, tmp_path):
    with pytest.raises(MissingWeights, match=rf"weights: expected the folder of a preset .*{tmp_path}"):
        load(tmp_path)


@pytest.mark.parametrize("place", ["the network", "an argument"])
def test_a_preset_runs_no_code(keras, tmp_path, place):
    """Lambda layers hold compiled code, and a class may be named in any module."""
    folder, sprung = tmp_path / "preset", tmp_path / "sprung"
    convolutional(folder)
    config = json.loads((folder / "config.json").read_text())
    code = compile(f"(lambda x: open({str(sprung)!r}, 'w'))(0)", "x", "eval")
    function = {"class_name": "__lambda__", "config": {"code": b64encode(marshal.dumps(code)).decode()}}
    layer = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None}
    layer["config"] = {"name": "evil", "function": function, "arguments": {}}
    if place == "the network":
        config = layer
    else:
        config["config"]["dropout"] = layer
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(MissingWeights, match=r"keras_hub: .* cannot be loaded"):
        load(folder)
    assert not sprung.exists()


def test_a_folder_in_place_of_a_name_is_refused(keras, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(InvalidSettings, match=r"set name = 'keras_hub' and weights = 'transformer'"):
        backbones.load("keras_hub:transformer", "imagenet", size_pixels=32)


@pytest.mark.parametrize("logits", [False, True])
def test_an_unknown_preset_says_how_to_name_one(keras, monkeypatch, logits):
    from keras_hub.src.utils import preset_utils

    def offline(*arguments: Any) -> Any:
        raise OSError("no network")

    monkeypatch.setattr(preset_utils, "get_file", offline)
    with pytest.raises(MissingWeights, match=r"no_such_preset cannot be .*no network"):
        backbones.load("keras_hub:no_such_preset", "imagenet", size_pixels=32, logits=logits)


@pytest.mark.parametrize("logits", [False, True])
def test_a_named_preset_takes_weights_from_a_file(keras, folder, photographs, tmp_path, monkeypatch, logits):
    import keras_hub
    from keras_hub.src.utils import preset_utils

    kind = keras_hub.models.ImageClassifier if logits else keras_hub.models.Backbone
    network = kind.from_preset(str(folder / "transformer"))
    network.save_weights(tmp_path / "own.weights.h5")
    downloaded = lambda preset, file: preset_utils_file(folder / "transformer", file)  # noqa: E731
    monkeypatch.setattr(preset_utils, "get_file", downloaded)
    loaded = backbones.load("keras_hub:tiny", str(tmp_path / "own.weights.h5"), size_pixels=32, logits=logits)
    expected = load(folder / "transformer", logits=logits).predict_on_batch(photographs)
    np.testing.assert_allclose(loaded.predict_on_batch(photographs), expected, rtol=1e-5, atol=1e-5)


def preset_utils_file(folder: Path, file: str) -> str:
    if not (folder / file).is_file():
        raise FileNotFoundError(file)
    return str(folder / file)
