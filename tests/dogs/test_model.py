from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from tasks.core.config import Stage
from tasks.core.errors import InvalidSettings
from tasks.dogs import model
from tasks.dogs.config import Backbone, Head, Recipe, Trunk
from tests.dogs.jobs import SMALL
from tests.learning.pretrained.hub_presets import convolutional, transformer

POOLED = {"cut": "pool", "backbones": [SMALL]}


def recipe(cut: str = "pool", **head) -> Recipe:
    return Recipe.model_validate({"trunk": {**POOLED, "cut": cut}, "head": head})


def built(made: Recipe, *, shape: tuple[int, ...] = (16,)):
    return model.build_model(made, shape=shape, class_count=3)


def test_a_linear_head_gives_probabilities(keras):
    outputs = built(recipe()).predict_on_batch(np.ones((2, 16), np.float32))
    assert list(outputs) == ["main"]
    assert outputs["main"].shape == (2, 3)
    np.testing.assert_allclose(outputs["main"].sum(axis=1), 1, rtol=1e-6)


def test_the_gated_head_gives_two_softmaxes_and_distances_to_the_centers(keras):
    network = built(recipe(kind="glu", width=4))
    x = np.random.default_rng(0).normal(size=(5, 16)).astype(np.float32)
    outputs = {name: np.array(value) for name, value in network.predict_on_batch(x).items()}
    gate = 1 / (1 + np.exp(-(x @ weights(network, "gate")[0] + weights(network, "gate")[1])))
    hidden = gate * (x @ weights(network, "gate_value")[0] + weights(network, "gate_value")[1])
    centers = weights(network, "distance")[0]
    expected = ((hidden[:, None] - centers) ** 2).sum(axis=-1)
    np.testing.assert_allclose(outputs["distance"], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(outputs["main"].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(outputs["auxiliary"].sum(axis=1), 1, rtol=1e-5)


def weights(network, layer: str) -> list[np.ndarray]:
    return network.get_layer(layer).get_weights()


def test_the_expected_distance_of_a_hard_label_is_that_of_its_center(keras):
    distances = np.array([[1.0, 4.0, 9.0], [2.0, 3.0, 5.0]], np.float32)
    hard = np.eye(3, dtype=np.float32)[[2, 0]]
    np.testing.assert_allclose(model.expected_distance(hard, distances), [9, 2])
    soft = np.array([[0.5, 0.5, 0], [0, 0.25, 0.75]], np.float32)
    np.testing.assert_allclose(model.expected_distance(soft, distances), [2.5, 4.5])


def test_losses_carry_the_weights_of_the_heads():
    losses, loss_weights = model.losses(recipe(kind="glu", center_weight=0.1, auxiliary_weight=0.3))
    assert loss_weights == {"main": 1.0, "auxiliary": 0.3, "distance": 0.1}
    assert losses.keys() == loss_weights.keys()
    assert model.losses(recipe())[1] == {"main": 1.0}


def test_a_stage_chooses_the_layers_that_learn(keras):
    network = built(recipe(cut=""), shape=(32, 32, 3))
    factors = model.select(network, Stage(trainable="block4"))
    learning = {variable.path.split("/")[-2] for variable in network.trainable_variables}
    assert learning == {"block4_conv", "block4_norm", "block5_conv", "block5_norm", "main"}
    assert factors == {}


def test_a_head_stage_trains_the_head_only(keras):
    network = built(recipe(cut=""), shape=(32, 32, 3))
    model.select(network, Stage(trainable="head"))
    assert {variable.path.split("/")[-2] for variable in network.trainable_variables} == {"main"}
    model.select(network, Stage())
    assert len(network.trainable_variables) == 5 * 3 + 2


def test_an_unknown_layer_of_a_stage_is_refused(keras):
    network = built(recipe(cut=""), shape=(32, 32, 3))
    with pytest.raises(InvalidSettings, match=r"stages.trainable: .*block1_conv.*received 'blok'"):
        model.select(network, Stage(trainable="blok"))


def test_layers_learn_slower_the_deeper_they_lie(keras):
    network = built(recipe(cut=""), shape=(32, 32, 3))
    factors = model.select(network, Stage(layer_decay=0.5))
    found = {path.split("/")[-2]: factor for path, factor in factors.items() if path.endswith("kernel")}
    assert found == {"main": 1, **{f"block{i}_conv": 0.5 ** (6 - i) for i in range(1, 6)}}
    assert set(factors) == {variable.path for variable in network.weights}


def test_the_discriminant_tells_separated_classes_apart():
    drawn = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    features = 4 * np.eye(3)[labels] + drawn.normal(size=(60, 3))
    head = Head(start="discriminant", shrinkage=0.1)
    kernel, bias = model.head_start(features, labels, head, class_count=3)
    assert kernel.shape == (3, 3)
    assert ((features @ kernel + bias).argmax(axis=1) == labels).mean() > 0.9
    cooler = model.head_start(features, labels, head.model_copy(update={"temperature": 2.0}), class_count=3)
    np.testing.assert_allclose(cooler[0] * 2, kernel)
    np.testing.assert_allclose(cooler[1] * 2, bias)


@pytest.mark.parametrize("shrinkage", [0.05, 0.6, 1.0])
def test_the_discriminant_is_that_of_scikit_learn(shrinkage):
    drawn = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), (5, 9, 12, 14))
    features = (drawn.normal(size=(4, 8))[labels] + drawn.normal(size=(40, 8))).astype(np.float32)
    head = Head(start="discriminant", shrinkage=shrinkage)
    kernel, bias = model.head_start(features, labels, head, class_count=4)
    expected = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(features, labels)
    np.testing.assert_allclose(kernel, expected.coef_.T, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(bias, expected.intercept_, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 0.0])
def test_the_discriminant_needs_no_more_records_than_features(scale):
    labels = np.repeat(np.arange(2), 3)
    features = np.repeat(np.eye(2, 50), 3, axis=0)
    features += scale * np.random.default_rng(2).normal(size=features.shape) / 50
    kernel, bias = model.head_start(features, labels, Head(start="discriminant", shrinkage=0), class_count=2)
    assert np.isfinite(kernel).all()
    assert ((features @ kernel + bias).argmax(axis=1) == labels).all()


def test_the_discriminant_of_two_classes_leaves_out_a_third_without_records():
    drawn = np.random.default_rng(0)
    labels = np.repeat([0, 2], 20)
    features = 4 * np.eye(3)[labels] + drawn.normal(size=(40, 3))
    kernel, bias = model.head_start(features, labels, Head(start="discriminant"), class_count=3)
    assert kernel.shape == (3, 3)
    assert ((features @ kernel + bias).argmax(axis=1) == labels).mean() > 0.9


def test_a_matched_head_answers_with_the_pretrained_class_that_fits_each_breed():
    scores = np.zeros((4, 1000), np.float32)
    scores[:2, 151] = scores[2:, 207] = 9
    features = np.hstack([np.ones((4, 5), np.float32), scores])
    labels = np.array([0, 0, 1, 1])
    kernel, bias = model.head_start(features, labels, Head(start="matched"), class_count=2)
    assert np.argwhere(kernel).tolist() == [[5 + 151, 0], [5 + 207, 1]]
    assert ((features @ kernel + bias).argmax(axis=1) == labels).all()


@pytest.mark.parametrize(("weights", "learns"), [("none", True), ("imagenet", False)])
def test_statistics_learn_only_in_networks_trained_from_scratch(keras, weights, learns):
    backbone = Backbone(name="small", weights=weights, size_pixels=32)
    made = Recipe(trunk=Trunk(cut="", backbones=(backbone,)))
    network = model.build_model(made, shape=(32, 32, 3), class_count=3)
    norm = network.get_layer("top").get_layer("block2_norm")
    for trainable, expected in (("head", False), ("", learns)):
        model.select(network, Stage(trainable=trainable))
        assert norm.trainable is expected


@pytest.fixture(scope="module")
def presets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a convolutional network and a transformer in the layout of keras-hub."""
    place = tmp_path_factory.mktemp("presets")
    for write in (convolutional, transformer):
        write(place / write.__name__)
    return place


def of_hub(folder: Path, cut: str = "") -> Recipe:
    backbone = Backbone(name="keras_hub", weights=str(folder), size_pixels=32)
    return Recipe(trunk=Trunk(cut=cut, backbones=(backbone,)))


def test_statistics_inside_blocks_stay_frozen_in_all_stages(keras, presets):
    shape = (16, 16, 8)
    network = built(of_hub(presets / "convolutional", "stem_activation"), shape=shape)
    x = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    for stage in (Stage(), Stage(trainable="head"), Stage(trainable="block2b"), Stage()):
        model.select(network, stage)
        learning = [variable.path for variable in network.trainable_variables]
        assert not any(path.endswith(("gamma", "beta", "moving_mean")) for path in learning)
        training, inference = network(x, training=True)["main"], network(x, training=False)["main"]
        np.testing.assert_allclose(training, inference, rtol=1e-5, atol=1e-6)
    assert any("block2b_" in path for path in learning)


def test_a_stage_may_begin_at_a_block_inside_an_encoder(keras, presets):
    network = built(of_hub(presets / "transformer"), shape=(32, 32, 3))
    model.select(network, Stage(trainable="vit_encoder/transformer_block_2"))
    learning = {variable.path for variable in network.trainable_variables}
    encoder = {path for path in learning if "vit_encoder" in path}
    assert {path.split("/")[1] for path in encoder} == {"transformer_block_2", "transformer_block_3", "ln"}
    assert learning - encoder == {variable.path for variable in network.get_layer("main").weights}
    model.select(network, Stage())
    assert len(network.trainable_variables) == len(network.weights)


def test_an_unknown_layer_inside_another_names_those_there_are(keras, presets):
    network = built(of_hub(presets / "transformer"), shape=(32, 32, 3))
    expected = r"one of vit_encoder/transformer_block_1, .*, vit_encoder/ln; received 'vit_encoder/block_2'"
    with pytest.raises(InvalidSettings, match=expected):
        model.select(network, Stage(trainable="vit_encoder/block_2"))


def test_layer_decay_counts_the_blocks_of_an_encoder(keras, presets):
    network = built(of_hub(presets / "transformer"), shape=(32, 32, 3))
    factors = model.select(network, Stage(layer_decay=0.5))
    expected = {"main": 1, "ln": 0.5, "transformer_block_3": 0.25, "transformer_block_1": 0.0625}
    for part, factor in (expected | {"patch_embedding": 0.03125, "class_token": 0.03125}).items():
        assert {each for path, each in factors.items() if f"/{part}/" in f"/{path}/"} == {factor}, part
    assert factors.keys() == {variable.path for variable in network.weights}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"name": "keras_hub"}, "expected the folder of a preset"),
        ({"name": "keras_hub", "weights": "none"}, "expected the folder of a preset"),
        ({"name": "keras_hub:$PODIUM_WEIGHTS/vit"}, "weights = '<folder>'"),
        ({"name": "keras_hub:~/vit"}, "weights = '<folder>'"),
        ({"name": "keras_hub:./vit"}, "weights = '<folder>'"),
        ({"name": "keras_hub:"}, "expected the name of a preset"),
        ({"until": "block_1_add", "logits": True}, "until: expected none with logits"),
        ({"name": "small", "logits": True}, "no logits with name = 'small'"),
        ({"name": "small", "until": "block1_conv"}, "no until"),
        ({"name": "small", "weights": "own.weights.h5"}, "no file of weights"),
    ],
)
def test_settings_that_a_network_cannot_follow_are_refused(settings, expected):
    with pytest.raises(ValidationError, match=expected.replace("$", r"\$")):
        Backbone.model_validate(settings)


@pytest.mark.parametrize(
    "name", ["vit_base_patch16_224_imagenet", "hf://keras/vit", "kaggle://a/b/keras/c/1"]
)
def test_presets_of_keras_hub_may_be_named(name):
    assert Backbone(name=f"keras_hub:{name}").weights == "imagenet"
