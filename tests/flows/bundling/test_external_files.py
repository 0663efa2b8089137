"""Files that recipes name, under names in the bundle."""

from pathlib import Path
from typing import Any

import pytest

from flows.bundling import external_files
from flows.bundling.external_files import bundled_recipe
from flows.offline.manifest import with_paths
from tasks.core.errors import MissingWeights
from tasks.dogs.config import Recipe as DogsRecipe
from tasks.extraction.config import Recipe as ExtractionRecipe
from tests.flows.sequential import call_here


def dogs(**backbone: Any) -> DogsRecipe:
    return DogsRecipe.model_validate({"trunk": {"backbones": [backbone]}})


def bundled(recipe: Any, folder: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    files = dict[str, Path]()
    return bundled_recipe(recipe, files, folder), files


def test_a_weights_file_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "net.weights.h5"
    weights.write_bytes(b"weights")
    monkeypatch.setenv("WHERE", str(tmp_path))
    tree, files = bundled(dogs(weights="$WHERE/net.weights.h5"), tmp_path)
    (name,) = files
    assert files[name] == weights
    assert name.startswith("files/")
    assert name.endswith("-net.weights.h5")
    assert tree["trunk"]["backbones"][0]["weights"] == f"$BUNDLE/{name}"
    found = DogsRecipe.model_validate(with_paths(tree, Path("/b")))
    assert found.trunk.backbones[0].weights == f"/b/{name}"


def test_a_folder_goes_along_with_all_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = tmp_path / "bert"
    (preset / "assets").mkdir(parents=True)
    (preset / "config.json").write_text("{}")
    (preset / "assets" / "vocabulary.txt").write_text("a")
    recipe = ExtractionRecipe.model_validate({"encoder": {"kind": "bert", "bert": {"preset": str(preset)}}})
    tree, files = bundled(recipe, tmp_path)
    place = tree["encoder"]["bert"]["preset"].removeprefix("$BUNDLE/")
    assert set(files) == {f"{place}/config.json", f"{place}/assets/vocabulary.txt"}
    monkeypatch.setenv("WHERE", str(tmp_path))
    tree, files = bundled(dogs(name="keras_hub", weights="$WHERE/bert"), tmp_path)
    assert tree["trunk"]["backbones"][0]["weights"] == f"$BUNDLE/{place}"
    assert tree["trunk"]["backbones"][0]["name"] == "keras_hub"
    assert len(files) == 2
    found = DogsRecipe.model_validate(with_paths(tree, Path("/b")))
    assert found.trunk.backbones[0].weights == f"/b/{place}"


def test_published_weights_become_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.learning.pretrained import backbones

    def save_weights(name: str, weights: str, file: Path, **options: Any) -> None:
        file.write_text(f"{name} {weights} {sorted(options)}")

    monkeypatch.setattr(backbones, "save_weights", save_weights)
    monkeypatch.setattr("tasks.learning.training.keras_setup.configure", lambda seed: None)
    monkeypatch.setattr(external_files.child_process, "run", call_here)
    tree, files = bundled(dogs(name="MobileNetV2", weights="imagenet"), tmp_path)
    (name,) = files
    assert name.endswith("MobileNetV2.weights.h5")
    assert files[name].read_text() == "MobileNetV2 imagenet ['logits', 'size_pixels', 'until']"
    assert tree["trunk"]["backbones"][0]["weights"] == f"$BUNDLE/{name}"


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ({"weights": "absent.h5"}, "weights: expected a file or a folder with files"),
        ({"name": "keras_hub", "weights": "absent"}, "weights: expected a file or a folder with files"),
        ({"name": "keras_hub:vit_base", "weights": "none"}, "name: expected a preset .* in a folder"),
        ({"name": "keras_hub:vit_base", "weights": "{}/own.h5"}, "name: expected a preset .* in a folder"),
    ],
)
def test_what_no_file_holds_is_refused(backbone: dict[str, str], expected: str, tmp_path: Path) -> None:
    (tmp_path / "own.h5").touch()
    named = {key: value.format(tmp_path) for key, value in backbone.items()}
    with pytest.raises(MissingWeights, match=rf"trunk\.backbones\.0\.{expected}"):
        bundled(dogs(**named), tmp_path)


def test_recipes_without_files_stay_as_they_are(tmp_path: Path) -> None:
    recipe = dogs(name="small", weights="none")
    assert bundled(recipe, tmp_path) == (recipe.model_dump(mode="json"), {})
