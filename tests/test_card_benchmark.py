"""The benchmark of graphics cards: what it counts, which cards it knows, and that its backend is enough."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.test_trainings import installed
from tests.benchmarks.card.sizes import FULL, build, operations

ROOT = Path(__file__).parents[1]
BLOCKED = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("prefect", "tensorflow"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Block())
"""


def test_operations_are_those_that_are_published(keras):
    xception, vit, bert = FULL
    in_training = 2 * 3 * 1e9
    assert operations(xception, build(xception)) / in_training == pytest.approx(8.4, rel=0.01)  # timm
    assert operations(vit, None) / in_training == pytest.approx(17.6, rel=0.01)  # torchvision
    of_words = 12 * 128 * (12 * 768**2 + 2 * 128 * 768)
    assert operations(bert, None) / in_training == pytest.approx(of_words / 1e9)


@pytest.mark.parametrize(
    ("card", "teraflops"),
    [
        ("NVIDIA H200", 989.5),
        ("NVIDIA H100 80GB HBM3", 989.5),
        ("NVIDIA H100 PCIe", 756.5),
        ("NVIDIA H100 NVL", 835.5),
        ("NVIDIA A100-SXM4-80GB", 312.0),
        ("NVIDIA A10", 125.0),
        ("NVIDIA L40S", 362.05),
        ("NVIDIA L4", 121.0),
        ("NVIDIA GeForce RTX 4090", 165.2),
        ("NVIDIA L40", None),
        ("Tesla T4", None),
    ],
)
def test_peaks_of_cards_are_found_by_their_names(card, teraflops):
    from tests.benchmarks.card.hardware import published

    found = published(card)
    assert (found and found.rate / 1e12) == teraflops


@pytest.mark.slow
@installed("jax")
def test_it_needs_neither_tensorflow_nor_prefect(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BLOCKED, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.card", "--small", "--only", "vit-small", "--seconds", "240"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "KERAS_BACKEND": "jax", "CUDA_VISIBLE_DEVICES": "-1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (figures,) = json.loads(done.stdout.splitlines()[-1])["networks"].values()
    assert "error" not in figures
    rates = ("step", "loader", "both", "keras_fit")
    assert all(figures[f"{rate}_per_second"] > 0 for rate in rates)
