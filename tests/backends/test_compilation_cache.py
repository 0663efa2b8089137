"""What JAX compiles is kept in the store, and changes no byte of a training, whatever becomes of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Store
from tasks.core.execution import compilation_cache
from tests.backends.test_trainings import installed

ROOT = Path(__file__).parents[2]
CHILD = """
import json, sys
from collections import Counter
from pathlib import Path
import jax
seen = Counter()
jax.monitoring.register_event_listener(lambda event, **_: seen.update([event.rpartition("/")[2]]))
from tests.learning.training.test_loop import THREE
from tests.learning.trainings import build, run
digest = run(build(THREE[1:2], ema=0.8), Path(sys.argv[1]), seconds=3600)
print(json.dumps({"digest": digest, "hits": seen["cache_hits"], "misses": seen["cache_misses"]}))
"""


def started(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """A tiny training under JAX."""
    variables = {**os.environ, "KERAS_BACKEND": "jax", "CUDA_VISIBLE_DEVICES": "-1", **environment}
    command = [sys.executable, "-c", CHILD, str(folder)]
    return subprocess.Popen(command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def outcome(child: subprocess.Popen[str]) -> dict[str, Any]:
    lines = child.communicate()[0].splitlines()
    assert child.returncode == 0
    found: dict[str, Any] = json.loads(lines[-1])
    return found


@pytest.mark.slow
@installed("jax")
def test_trainings_compile_once_in_a_store_that_moves_and_end_in_the_same_bytes(tmp_path):
    store = Store.current().root
    kept = compilation_cache.environment(store, "jax")
    # at once: both may write the same files
    cold, other, without = (
        started(tmp_path / "cold", **kept),
        started(tmp_path / "other", **kept),
        started(tmp_path / "without"),
    )
    digest = outcome(without)["digest"]
    assert outcome(other)["digest"] == outcome(cold)["digest"] == digest
    moved = store.rename(tmp_path / "moved")
    warm = outcome(started(tmp_path / "warm", **compilation_cache.environment(moved, "jax")))
    assert warm["digest"] == digest
    assert warm["misses"] == 0 < warm["hits"]
    assert compilation_cache.size(moved) > 0


@pytest.mark.slow
@installed("jax")
@pytest.mark.parametrize("damage", [b"", b"damaged"])
def test_damaged_files_are_compiled_again(tmp_path, damage):
    kept = compilation_cache.environment(Store.current().root, "jax")
    whole = outcome(started(tmp_path / "whole", **kept))
    for _, files, _ in compilation_cache.entries(Store.current().root):
        files[0].write_bytes(damage)
    assert outcome(started(tmp_path / "again", **kept))["digest"] == whole["digest"]


@pytest.mark.slow
@installed("jax")
def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    kept = compilation_cache.environment(Store.current().root, "jax")
    (tmp_path / "file").write_text("")
    nowhere = {**kept, compilation_cache.PLACE: str(tmp_path / "file" / "below")}
    assert outcome(started(tmp_path / "one", **nowhere))["hits"] == 0
