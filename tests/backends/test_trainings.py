"""Trainings under JAX and PyTorch, in child processes, since a process has one backend."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.trainings import CASES

ROOT = Path(__file__).parents[2]
QUICK = (
    "dogs-small",
    "dogs-trunk",
    "extraction-pointer",
    "extraction-gplinker",
    "+extraction-casrel",
    "extraction-bert",
    "nl2sql-two-stage",
    "nl2sql-baseline",
)


def installed(backend: str) -> pytest.MarkDecorator:
    """Skip where a backend is not installed."""
    absent = importlib.util.find_spec(backend) is None
    return pytest.mark.skipif(absent, reason=f"{backend} is not installed: pip install 'podium[{backend}]'")


def outcomes(backend: str, folder: Path, *names: str) -> dict[str, dict[str, str]]:
    """What `tests.backends.trainings` prints, by case."""
    # JAX compiles what a repeated training needs only once, and here as fast as it can
    quickly = {
        "JAX_COMPILATION_CACHE_DIR": str(folder / "cache"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.backends.trainings", str(folder), *names],
        env={**os.environ, **quickly, "KERAS_BACKEND": backend},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {each["name"]: each for each in map(json.loads, done.stdout.splitlines())}


def check(found: dict[str, dict[str, str]]) -> None:
    """No case failed; a resumed training ends in the same bytes, and a prediction repeats its own."""
    for case in found.values():
        assert "error" not in case, case["error"]
        assert case.get("resumed", case["whole"]) == case["whole"], case["name"]
        assert len(set(case["predictions"])) == 1, case["name"]


@installed("jax")
def test_every_kind_of_recipe_trains_and_predicts_under_jax(tmp_path):
    found = outcomes("jax", tmp_path, *QUICK)
    assert found.keys() == {name.removeprefix("+") for name in QUICK}
    check(found)


@pytest.mark.slow
@pytest.mark.parametrize("backend", [pytest.param(each, marks=installed(each)) for each in ("jax", "torch")])
def test_trainings_in_two_processes_end_in_the_same_bytes(tmp_path, backend):
    found, again = (outcomes(backend, tmp_path / place) for place in ("one", "other"))
    assert found.keys() == CASES.keys()
    check(found)
    for name, case in found.items():
        assert {**again[name], "seconds": 0} == {**case, "seconds": 0}
