"""The weights of explanations add up, of every kind of recipe and on every backend."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.learning.attribution.path_integral import LEAST_DIFFERENCE, MOST_POINTS
from tests.backends.explanations import ALL, explained
from tests.backends.test_trainings import ROOT, installed
from tests.nl2sql.jobs import step_by_step

QUICK = ("dogs-small", "extraction-gplinker-dgcnn", "nl2sql-baseline-vectors")
"""One of each competition, on TensorFlow in every test run; the others are slow."""
UNDER_JAX = ("extraction-gplinker-dgcnn",)
"""Under JAX too, which compiles for seconds."""


def explanations(backend: str, folder: Path, *names: str) -> dict[str, dict[str, Any]]:
    """What `tests.backends.explanations` prints, by case.

    JAX compiles with all passes: with `xla_backend_optimization_level=0` (JAX 0.10, x86), gradients of a
    sketch network were wrong by half, while its outputs were right.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.backends.explanations", str(folder), *names],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"name"')]
    return {each["name"]: each for each in lines}


def check(found: dict[str, dict[str, Any]], names: tuple[str, ...]) -> None:
    """Weights add up within one hundredth: of what the network reads, and of what the page shows.

    All points of a path may be too few where an output goes up and down by far more than it differs in the
    end, which first weights of a network alone do; the page then says so.
    """
    assert tuple(found) == names
    for case in found.values():
        assert "error" not in case, case["error"]
        for points, error, difference in zip(
            case["points"], case["errors"], case["differences"], strict=True
        ):
            is_small = error * max(abs(difference), LEAST_DIFFERENCE) < 5e-4
            assert error <= 0.01 or (points == MOST_POINTS and is_small), case
        np.testing.assert_allclose(case["sums"], case["errors"], atol=5e-3)
        assert case["reasons"]
        assert case["largest"] > 0


@pytest.mark.parametrize("name", QUICK)
def test_weights_add_up(keras: Any, tmp_path: Path, name: str) -> None:
    with step_by_step():
        check({name: explained(name, tmp_path / name)}, (name,))


@installed("jax")
def test_weights_add_up_under_jax(tmp_path: Path) -> None:
    check(explanations("jax", tmp_path, *UNDER_JAX), UNDER_JAX)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=installed("jax"))])
def test_weights_of_all_kinds_add_up(tmp_path: Path, backend: str) -> None:
    rest = tuple(name for name in ALL if name not in (QUICK if backend == "tensorflow" else UNDER_JAX))
    check(explanations(backend, tmp_path, *rest), rest)


@pytest.mark.slow
@installed("torch")
def test_weights_add_up_under_torch(tmp_path: Path) -> None:
    check(explanations("torch", tmp_path, *ALL), tuple(ALL))
