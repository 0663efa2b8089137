"""`podium run` in separate processes, on small raw files written by the demos."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tasks.core.cache.store import Store
from tasks.dogs import demo
from tasks.extraction import demo as sentences
from tasks.nl2sql import demo as questions

ROOT = Path(__file__).parents[2]
BREEDS, PHOTOGRAPHS, TEST = 3, 12, 7
DOGS = {
    "data.size_pixels": 36,
    "folds.count": 2,
    "recipes.0.trunk.backbones.0.size_pixels": 32,
    "recipes.0.training.batch_size": 16,
    "recipes.0.training.stages.0.epochs": 1,
    "recipes.0.training.stages.0.warmup_epochs": 0,
}
EXTRACTION = {
    "data.extra": "[]",
    "folds.count": 2,
    "recipes.0.encoder.dgcnn.width": 8,
    "recipes.0.floor": 0.9,
    "recipes.0.training.batch_characters": 100000,
    "recipes.0.training.stages.0.epochs": 1,
}
NL2SQL = {
    "folds.count": 2,
    "recipes.0.encoder.longest": 16,
    "recipes.0.encoder.dgcnn.width": 8,
    "recipes.0.encoder.dgcnn.dilations": "[1]",
    "recipes.0.augmentation.views": 0,
    "recipes.0.training.batch_questions": 8,
    "recipes.0.training.stages.0.epochs": 1,
    "recipes.0.training.stages.0.warmup_epochs": 0,
}
SMALLEST: dict[str, dict[str, Any]] = {"dogs": DOGS, "extraction": EXTRACTION, "nl2sql": NL2SQL}
"""Settings that make a run of a competition's preset `demo` take seconds."""


def draw(root: Path, competition: str = "dogs") -> Path:
    """Raw files: photographs of three breeds, a few sentences, or a few questions.

    The questions that are learned are about two tables: those of each fold about one.
    """
    if competition == "dogs":
        demo.write(root, breeds=BREEDS, photographs=PHOTOGRAPHS, test_photographs=TEST, size_pixels=48)
    elif competition == "extraction":
        sentences.write(root, sentences=24, extra=0, validation=5, test=6)
    else:
        questions.write(root, tables=4, questions=24, validation=5, test=6)
    return root


def environment(folder: Path, *, store: str = "store") -> dict[str, str]:
    """Places below the folder, and two slots that no other run shares."""
    places = {
        "PODIUM_STORE": folder / store,
        "PODIUM_SUBMISSIONS": folder / f"{store}-submissions",
        "PODIUM_SLOT_FOLDER": folder / "slots",
    }
    return {**os.environ, **{name: str(place) for name, place in places.items()}, "PODIUM_SLOTS": "2"}


def command(data: Path, competition: str = "dogs", **settings: Any) -> list[str]:
    """The command line; dots in settings are written as double underlines."""
    chosen = {**SMALLEST[competition], **{name.replace("__", "."): value for name, value in settings.items()}}
    whole = {name for name in chosen if any(other.startswith(f"{name}.") for other in chosen)}
    chosen = {n: v for n, v in chosen.items() if not any(n.startswith(f"{w}.") for w in whole)}
    pairs = [f"{name}={value}" for name, value in {"data.root": data, **chosen}.items()]
    overrides = [word for pair in pairs for word in ("--set", pair)]
    return [sys.executable, "-m", "flows", "run", competition, "--preset", "demo", *overrides]


def start(words: Sequence[str], places: dict[str, str], **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(words, cwd=ROOT, env=places, text=True, **options)


def finish(words: Sequence[str], places: dict[str, str]) -> str:
    """Run until it ends without an error; returns the output of both streams."""
    process = start(words, places, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate(timeout=600)[0]
    assert process.returncode == 0, output
    return output


def submissions(places: dict[str, str]) -> list[bytes]:
    """Contents of all submission files, oldest first."""
    files = sorted(Path(places["PODIUM_SUBMISSIONS"]).glob("*/*/submission.*"))
    return [file.read_bytes() for file in files]


def store_of(places: dict[str, str]) -> Store:
    return Store(Path(places["PODIUM_STORE"]))


def journals(places: dict[str, str]) -> list[list[dict[str, Any]]]:
    """The steps of each run, the oldest run first."""
    store = store_of(places)
    files = sorted((store.root / "runs").glob("*.jsonl"), key=lambda file: file.stat().st_mtime_ns)
    return [store.journal(file.stem) for file in files]


def ran(journal: list[dict[str, Any]]) -> list[str]:
    """Labels of the cached steps that were computed."""
    return sorted(entry["label"] for entry in journal if entry["state"] == "ran" and entry["key"])
