"""The `uses` of every step are complete: whatever of ours it executes is in the digest of its code.

All steps run for real, on twelve photographs, thirty sentences and forty questions. Left out of digests on
purpose: `tasks.core`, which moves results and does not make them, and settings, whose values are inputs.
"""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from flows.budget.plan import plan
from tasks.core.cache.source_code import decides_results
from tests.dogs import raw_files
from tests.extraction import contract
from tests.nl2sql import contract as questions

ROOT = Path(__file__).resolve().parents[2]
LINES = tuple(
    f"{letter} {label} -" for label, letters in ((3, "abcd"), (7, "efgh"), (8, "ijkl")) for letter in letters
)
SMALL = {"name": "small", "weights": "none", "size_pixels": 32}
STAGES = [{"epochs": 1}]

DOGS: dict[str, Any] = {
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


EXTRACTION: dict[str, Any] = {
    "folds": {"count": 3},
    "second_round": {"run": True},
    "answers": {"rules": ["nationality", "spouses", "album"]},
    "recipes": [
        {
            "name": "pointer",
            "distant": True,
            "encoder": {"dgcnn": {"width": 8, "dilations": [1, 2], "words": True}},
            "augmentation": {"views": 1, "crop": 0.5, "swap": "object"},
            "training": {"stages": STAGES, "ema": 0.5, "labelling": {"repairs": ["titles"]}},
        },
        {
            "name": "linker",
            "method": "gplinker",
            "encoder": {"kind": "bert", "bert": {"layers": 1, "width": 8, "heads": 2}},
            "pretraining": {"stages": STAGES},
            "training": {"stages": STAGES},
        },
    ],
}

NL2SQL: dict[str, Any] = {
    "folds": {"count": 2},
    "recipes": [
        {
            "name": "sketch",
            "encoder": {"dgcnn": {"width": 8, "dilations": [1, 2]}},
            "augmentation": {"views": 1, "refill": 0.5},
            "training": {"stages": STAGES, "ema": 0.5},
        },
        {
            "name": "pairs",
            "method": "two-stage",
            "encoder": {"kind": "bert", "bert": {"layers": 1, "width": 8, "heads": 2}},
            "matcher": {"share_candidates": True},
            "pretraining": {"stages": STAGES},
            "training": {"stages": STAGES},
        },
    ],
}

Traced = dict[str, dict[str, list[str]]]
"""Modules executed, functions of settings called, and modules covered, by the step's label."""


def dogs(folder: Path) -> dict[str, Any]:
    return {**DOGS, "data": {**DOGS["data"], "root": str(raw_files.write(folder / "data", LINES))}}


def extraction(folder: Path) -> dict[str, Any]:
    return {**EXTRACTION, "data": {"root": str(contract.write(folder / "data"))}}


def nl2sql(folder: Path) -> dict[str, Any]:
    return {**NL2SQL, "data": {"root": str(questions.write(folder / "data"))}}


SETTINGS = {"dogs": dogs, "extraction": extraction, "nl2sql": nl2sql}


@pytest.fixture(scope="module", params=SETTINGS)
def traced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    """The whole flow, traced, in a process of its own."""
    folder = tmp_path_factory.mktemp(f"uses-{request.param}")
    (folder / "settings.json").write_text(json.dumps(SETTINGS[request.param](folder)))
    places = {"PODIUM_STORE": str(folder / "store"), "PODIUM_SLOT_FOLDER": str(folder / "slots")}
    files = [folder / "settings.json", folder / "modules.json"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.trace", request.param, *files],
        cwd=ROOT,
        env={**os.environ, **places, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "modules.json").read_text())


@pytest.mark.slow
def test_whatever_a_step_executes_is_in_its_key(traced: Traced) -> None:
    missing = {
        label: sorted(
            name for name in modules["executed"] if decides_results(name) and name not in modules["covered"]
        )
        for label, modules in traced.items()
    }
    assert {label: names for label, names in missing.items() if names} == {}


@pytest.mark.slow
def test_of_settings_a_step_executes_validators_only(traced: Traced) -> None:
    """Keys leave config modules out, so nothing else of them may run in a step."""
    called = {function for modules in traced.values() for function in modules["settings"]}
    assert called
    assert {function for function in called if not is_validator(function)} == set()


def is_validator(function: str) -> bool:
    module, name = function.split(":")
    found = vars(import_module(module)).get(name.split(".")[0])
    decorators = getattr(found, "__pydantic_decorators__", None)
    return decorators is not None and name.split(".")[1] in decorators.model_validators


EVERYWHERE = {"load", "split", "augment", "train", "predict", "gather", "blend", "decode"}
SEEN = {
    "dogs": (
        {"encode", "pseudo"},
        {"tasks.dogs.augment", "tasks.dogs.model", "tasks.learning.training.mixup"},
    ),
    "extraction": (
        {"encode", "pretrain", "pool"},
        {
            "tasks.extraction.gplinker.inference",
            "tasks.extraction.labelling.cleaning",
            "tasks.extraction.pointer.distant_features",
            "tasks.extraction.tagging.targets",
            "tasks.text.language_model",
            "tasks.learning.ensemble.candidates",
        },
    ),
    "nl2sql": (
        {"pretrain"},
        {
            "tasks.nl2sql.augmentation.table_transfer",
            "tasks.nl2sql.decoding.query_search",
            "tasks.nl2sql.sketch.training",
            "tasks.nl2sql.two_stage.inference",
            "tasks.nl2sql.two_stage.network",
            "tasks.nl2sql.two_stage.training",
            "tasks.text.language_model",
        },
    ),
}


@pytest.mark.parametrize("competition", SETTINGS)
def test_the_settings_ask_for_all_kinds_of_steps(competition: str, tmp_path: Path) -> None:
    module = import_module(f"tasks.{competition}.config")
    config = module.Config.model_validate(SETTINGS[competition](tmp_path))
    kinds = {step.label.split(" ")[0] for step in plan(competition, config)}
    assert kinds >= EVERYWHERE | SEEN[competition][0]


@pytest.mark.slow
def test_all_kinds_of_steps_were_run_and_seen(traced: Traced) -> None:
    competition = next(label for label in traced if label.startswith("load ")).removeprefix("load ")
    own, modules = SEEN[competition]
    assert {label.split(" ")[0] for label in traced} >= EVERYWHERE | own | {"evaluate"}
    seen = {name for modules in traced.values() for name in modules["executed"]}
    assert {"tasks.learning.training.loop", *modules} <= seen
