"""Presets for graphics cards from file to submission, with tiny networks in the layout of the real ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.dogs import dogs
from tasks.core.settings.resolve import resolve
from tasks.dogs.config import Config
from tests.flows.podium_runs import TEST, draw
from tests.flows.sequential import Run, walk
from tests.learning.pretrained import hub_presets

SMALL = {"block13": "block4"}
"""The block of the tiny network that stands where a block of the real one does."""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    return draw(tmp_path_factory.mktemp("photographs"))


def changes(settings: Any, weights: Path) -> list[str]:
    """Overrides by which a preset's networks, photographs and stages become tiny, and nothing else."""
    found = ["data.size_pixels=36", "folds.count=2", "recipe.training.batch_size=8"]
    for number, recipe in enumerate(settings.recipes):
        backbone = f"recipes.{number}.trunk.backbones.0"
        found += [f"{backbone}.name=keras_hub", f"{backbone}.weights={weights}", f"{backbone}.size_pixels=32"]
        for kind in ("stages", "transfer"):
            for place, stage in enumerate(getattr(recipe.training, kind)):
                setting = f"recipes.{number}.training.{kind}.{place}"
                found += [
                    f"{setting}.epochs=1",
                    f"{setting}.trainable={SMALL.get(stage.trainable, stage.trainable)}",
                ]
    return found


def run(preset: str, save: Callable[..., Any], photographs: Path, folder: Path) -> Run:
    """A run of the preset's first recipe with the network that `save` writes."""
    save(folder / "network")
    overrides = [f"data.root={photographs}", *changes(resolve("dogs", preset=preset), folder / "network")]
    config = Config.model_validate(resolve("dogs", preset=preset, overrides=overrides))
    return walk(dogs, folder, config.model_copy(update={"recipes": config.recipes[:1]}))


def histories(found: Run) -> list[list[dict[str, Any]]]:
    return [
        json.loads((path / "history.json").read_text("utf-8"))
        for path in found.artifacts("model-*")
        if path.is_dir()
    ]


def answers(found: Run) -> int:
    (file,) = (found.folder / "podium_submissions").glob("dogs/*/submission.txt")
    return len(file.read_text("utf-8").splitlines())


@pytest.mark.slow
def test_the_starting_solution_goes_through_all_its_stages_and_the_transfer(keras, photographs, tmp_path):
    found = run("seed-full", hub_presets.xception, photographs, tmp_path)
    again = [label for label in found.runner.ran() if label.startswith("train xception-again")]
    assert again == ["train xception-again fold 0", "train xception-again fold 1"]
    assert [[row["stage"] for row in each] for each in histories(found)] == [[1, 2, 3]] * 4
    assert answers(found) == TEST


@pytest.mark.slow
def test_a_vision_transformer_goes_through_its_stages(keras, photographs, tmp_path):
    found = run("vit", hub_presets.transformer, photographs, tmp_path)
    trained = [label for label in found.runner.ran() if label.startswith("train ")]
    assert trained == ["train vit-224 fold 0", "train vit-224 fold 1"]
    assert [[row["stage"] for row in each] for each in histories(found)] == [[1, 2]] * 2
    assert answers(found) == TEST
