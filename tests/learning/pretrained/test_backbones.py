from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.errors import InvalidSettings, MissingWeights
from tasks.learning.pretrained import backbones, graphs
from tasks.learning.pretrained.weights import load_weights, weights_file


@pytest.fixture
def photographs() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)


def mobilenet(weights: str = "none", **options: Any) -> Any:
    return backbones.load("MobileNetV2", weights, size_pixels=32, **options)


def test_small_gives_one_row_of_features_a_photograph(keras, photographs):
    network = backbones.load("small", "none", size_pixels=32)
    assert network.predict_on_batch(photographs).shape == (2, 128)


@pytest.mark.parametrize("layer", ["block1_pool", "block2_pool", "block4_relu"])
def test_trunk_and_top_make_the_whole_network(keras, photographs, layer):
    network = backbones.load("small", "none", size_pixels=32)
    trunk, top = backbones.cut(network, "block2_relu" if layer == "block1_pool" else layer)
    whole = network.predict_on_batch(photographs)
    np.testing.assert_array_equal(top.predict_on_batch(trunk.predict_on_batch(photographs)), whole)


def test_a_cut_behind_a_shortcut_makes_the_whole_network(keras, photographs):
    network = mobilenet()
    trunk, top = backbones.cut(network, "block_15_add")
    whole = network.predict_on_batch(photographs)
    np.testing.assert_array_equal(top.predict_on_batch(trunk.predict_on_batch(photographs)), whole)


def test_a_cut_that_a_shortcut_goes_around_is_refused(keras):
    with pytest.raises(InvalidSettings, match=r"trunk.cut: expected .* received 'block_15_expand'"):
        backbones.cut(mobilenet(), "block_15_expand")


def test_an_unknown_cut_names_the_nearest_layer(keras):
    with pytest.raises(InvalidSettings, match=r"trunk\.cut: .*received 'block2_pol'.*block2_pool"):
        backbones.cut(backbones.load("small", "none", size_pixels=32), "block2_pol")


def test_an_unknown_last_layer_names_the_nearest(keras):
    with pytest.raises(InvalidSettings, match=r"until: .*received 'block_12_ad'.*block_12_add"):
        mobilenet(until="block_12_ad")


def test_an_unknown_network_is_refused(keras):
    with pytest.raises(InvalidSettings, match=r"trunk.backbones.name: expected .*MobileNetV2.*'MobilNet'"):
        backbones.load("MobilNet", "none", size_pixels=32)


def test_a_module_of_networks_is_not_a_network(keras):
    with pytest.raises(InvalidSettings, match="received 'mobilenet_v2'"):
        backbones.load("mobilenet_v2", "none", size_pixels=32)


def test_a_missing_file_is_named(keras, tmp_path):
    missing = tmp_path / "absent.weights.h5"
    with pytest.raises(MissingWeights, match=rf"expected 'imagenet', 'none' or a file.*{missing}"):
        mobilenet(str(missing))


def test_a_file_that_is_no_weights_is_named(keras, tmp_path):
    wrong = tmp_path / "wrong.weights.h5"
    wrong.write_bytes(b"these are no weights")
    said = rf"{wrong}: does not fit .*expected an HDF5 file, received 20 bytes that begin with b'these are no"
    with pytest.raises(MissingWeights, match=said):
        mobilenet(str(wrong))


@pytest.mark.parametrize("value", [np.nan])
def test_weights_that_are_no_numbers_are_refused_by_the_name_of_the_array(keras, tmp_path, value):
    network, file = _raw_mobilenet(keras), tmp_path / "network.weights.h5"
    kernel = network.get_layer("block_5_expand").kernel
    values = np.array(kernel)
    values[0, 0, 0, :3] = value
    kernel.assign(values)
    network.save_weights(file)
    said = (
        rf"{file}: expected weights that are numbers, received 3 of .* in block_5_expand/kernel that are NaN"
    )
    with pytest.raises(MissingWeights, match=said):
        mobilenet(str(file))


@pytest.mark.parametrize("kind", ["ExternalLink", "SoftLink"])
def test_weights_that_lie_in_another_file_are_refused(keras, tmp_path, kind):
    import h5py

    network, file = backbones.load("small", "none", size_pixels=32), tmp_path / "small.weights.h5"
    network.save_weights(file)
    with h5py.File(file, "a") as opened:
        names = []
        opened.visititems(lambda name, each: names.append(name) if isinstance(each, h5py.Dataset) else None)
        values = opened[names[0]][()]
        del opened[names[0]]
        opened["elsewhere"] = values
        target = [str(tmp_path / "other.h5"), "x"] if kind == "ExternalLink" else ["/elsewhere"]
        opened[names[0]] = getattr(h5py, kind)(*target)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = values
    with pytest.raises(MissingWeights, match=f"{file}: does not fit"):
        load_weights(backbones.load("small", "none", size_pixels=32), file)


def test_weights_of_another_network_are_refused(keras, tmp_path):
    other = tmp_path / "other.weights.h5"
    backbones.load("small", "none", size_pixels=32).save_weights(other)
    with pytest.raises(MissingWeights, match=f"{other}: does not fit"):
        mobilenet(str(other))


def test_logits_need_a_file_with_its_classes(keras, tmp_path):
    headless = tmp_path / "headless.weights.h5"
    _raw_mobilenet(keras).save_weights(headless)
    with pytest.raises(MissingWeights, match=r"expected a network with its classes"):
        mobilenet(str(headless), logits=True)


def test_a_headless_file_gives_the_networks_features(keras, tmp_path, photographs):
    network, file = _raw_mobilenet(keras), tmp_path / "headless.weights.h5"
    network.save_weights(file)
    expected = network.predict_on_batch(photographs / 127.5 - 1).mean(axis=(1, 2))
    got = mobilenet(str(file)).predict_on_batch(photographs)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_a_truncated_file_gives_what_its_last_layer_does(keras, tmp_path, photographs):
    network, file = _raw_mobilenet(keras), tmp_path / "truncated.weights.h5"
    first = keras.Model(network.input, network.get_layer("block_3_project_BN").output)
    first.save_weights(file)
    expected = first.predict_on_batch(photographs / 127.5 - 1).mean(axis=(1, 2))
    got = mobilenet(str(file), until="block_3_project_BN").predict_on_batch(photographs)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_frozen_statistics_stay_in_training(keras, photographs):
    network = backbones.load("small", "none", size_pixels=32)
    backbones.freeze_statistics(network)
    np.testing.assert_array_equal(network(photographs, training=True), network(photographs, training=False))
    assert all("norm" not in variable.path for variable in network.trainable_variables)


def test_paths_may_hold_variables_and_the_home_folder(tmp_path, monkeypatch):
    (tmp_path / "own.h5").touch()
    monkeypatch.setenv("WEIGHTS", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert weights_file("$WEIGHTS/own.h5") == tmp_path / "own.h5"
    assert weights_file("~/own.h5") == tmp_path / "own.h5"


REAL = Path(__file__).parents[4] / "shared" / "weights"


@pytest.mark.skipif(not REAL.is_dir(), reason="the published weights are not here")
def test_published_weights_fit_the_network(keras, photographs):
    file = REAL / "mobilenet_v2_1.0_224.weights.h5"
    assert mobilenet(str(file), logits=True).predict_on_batch(photographs).shape == (2, 1280 + 1000)


def _raw_mobilenet(keras: Any) -> Any:
    keras.utils.set_random_seed(1)
    network = keras.applications.MobileNetV2(input_shape=(32, 32, 3), include_top=False, weights=None)
    keras.backend.clear_session()
    return network


@pytest.mark.parametrize("logits", [True, False])
def test_saved_weights_load_in_place_of_published_ones(
    logits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, until, built = tmp_path / "net.weights.h5", "" if logits else "block_3_expand_relu", []
    build = backbones._built
    monkeypatch.setattr(backbones, "_built", lambda *a, **k: built.append(build(*a, **k)) or built[-1])
    backbones.save_weights("MobileNetV2", "none", file, size_pixels=32, until=until, logits=logits)
    (whole,) = built
    published = graphs.headless(whole, logits=True) if logits else graphs.pooled(graphs.up_to(whole, until))
    loaded = mobilenet(str(file), until=until, logits=logits)
    photographs = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    outputs = published.predict_on_batch(photographs)
    assert np.array_equal(outputs, loaded.predict_on_batch(photographs))
    assert outputs.std() > 0
