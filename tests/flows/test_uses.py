"""The `uses` of every step are complete: whatever of ours it executes is in the digest of its code.

All steps run for real, on twelve photographs. Left out of digests on purpose: `tasks.core`, which moves
results and does not make them, and settings, whose values are inputs.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.core.code import counts
from tests.dogs import raw_files

ROOT = Path(__file__).resolve().parents[2]
LINES = tuple(
    f"{letter} {label} -" for label, letters in ((3, "abcd"), (7, "efgh"), (8, "ijkl")) for letter in letters
)
SMALL = {"name": "small", "weights": "none", "size_pixels": 32}
STAGES = [{"epochs": 1}]

SETTINGS: dict[str, Any] = {
    "data": {"size_pixels": 40, "duplicate_distance": 0},
    "folds": {"count": 2},
    "pseudo": {"share": 0.5},
    "recipes": [
        {
            "name": "frozen",
            "trunk": {"backbones": [SMALL]},
            "head": {"start": "discriminant"},
            "training": {"stages": STAGES, "ema": 0.5},
            "test_time": {"views": ["identity", "zoom_flip"]},
        },
        {
            "name": "whole",
            "trunk": {"cut": "", "backbones": [SMALL]},
            "augmentation": {
                "rotation_degrees": 10,
                "zoom": 0.2,
                "crop_scale": 0.8,
                "quadrant_mask": 0.5,
                "combine": 0.5,
                "color": 0.2,
                "cutout": 0.5,
            },
            "head": {"kind": "glu"},
            "training": {
                "stages": STAGES,
                "batches": "pairs",
                "batch_size": 4,
                "mixing": {"probability": 1.0},
                "label_smoothing": 0.1,
            },
        },
    ],
}


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """Modules executed and modules covered, by the step's label."""
    folder = tmp_path_factory.mktemp("uses")
    SETTINGS["data"]["root"] = str(raw_files.write(folder / "data", LINES))
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    places = {"PODIUM_STORE": str(folder / "store"), "PODIUM_SLOT_FOLDER": str(folder / "slots")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.trace", folder / "settings.json", folder / "told.json"],
        cwd=ROOT,
        env={**os.environ, **places, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "told.json").read_text())


@pytest.mark.slow
def test_whatever_a_step_executes_is_in_its_key(traced: dict[str, dict[str, list[str]]]) -> None:
    missing = {
        label: sorted(name for name in told["executed"] if counts(name) and name not in told["covered"])
        for label, told in traced.items()
    }
    assert {label: names for label, names in missing.items() if names} == {}


@pytest.mark.slow
def test_all_kinds_of_steps_were_run_and_seen(traced: dict[str, dict[str, list[str]]]) -> None:
    kinds = {label.split(" ")[0] for label in traced}
    assert kinds >= {"load", "split", "augment", "encode", "train", "predict", "gather", "pseudo", "blend"}
    seen = {name for told in traced.values() for name in told["executed"]}
    assert {
        "tasks.dogs.augment",
        "tasks.dogs.model",
        "tasks.learning.fitting",
        "tasks.learning.mixing",
    } <= seen
