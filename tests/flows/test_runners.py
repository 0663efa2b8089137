"""One run, and one search, on threads, on Dask and on Ray: the same bytes, scores and cache hits."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flows.podium_runs import (
    ROOT,
    command,
    draw,
    environment,
    finish,
    journals,
    ran,
    store_of,
    submissions,
)

pytestmark = [pytest.mark.slow, pytest.mark.server]

TRIALS = 4
COMPETITIONS = ("dogs", "extraction", "nl2sql")


@pytest.fixture(scope="module", params=COMPETITIONS)
def threads(request, tmp_path_factory, prefect_server) -> tuple[str, Path, dict[str, str]]:
    """A run of a competition's steps in processes of this machine."""
    folder = tmp_path_factory.mktemp(request.param)
    places = environment(folder, store="threads")
    finish(command(draw(folder / "data", request.param), request.param), places)
    return request.param, folder, places


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_a_cluster_makes_the_same_bytes_and_hits_what_threads_made(threads, runner):
    competition, folder, here = threads
    words = command(folder / "data", competition, run__runner=runner)
    there = environment(folder, store=runner)
    output = finish(words, there)
    assert "works on " in output
    assert submissions(there) == submissions(here)
    assert artifacts(there) == artifacts(here)
    finish(words, here)
    assert ran(journals(here)[-1]) == []


ELSEWHERE = """
import sys
from pathlib import Path
from tasks.core import locations
presets = Path(sys.argv.pop(1))
locations.presets_folder = lambda: presets
from flows.__main__ import main
main()
"""
"""Podium with presets in another folder, since a search writes one."""


def search(folder: Path, runner: str) -> dict[str, Any]:
    """Search with two trials at a time; returns its preset, printed scores, and artifacts by step."""
    there, presets = environment(folder, store=runner), folder / f"{runner}-conf"
    shutil.copytree(ROOT / "conf", presets)
    words = command(folder / "data", run__runner=runner)
    chosen = ["--study", "one", "--trials", str(TRIALS), "--workers", "2", "--pruner", "none"]
    output = finish([sys.executable, "-c", ELSEWHERE, str(presets), "search", *words[4:], *chosen], there)
    assert ("works on " in output) == (runner != "threads")
    best = [line for line in output.splitlines() if line.startswith(("best", "start", "trials"))]
    preset = (presets / "dogs" / "one.toml").read_text()
    return {"preset": preset, "best": best, "artifacts": artifacts(there)}


def test_a_search_on_a_cluster_finds_what_threads_find(tmp_path: Path, prefect_server: str):
    draw(tmp_path / "data")
    found = {runner: search(tmp_path, runner) for runner in ("threads", "dask", "ray")}
    assert f"{TRIALS} complete" in found["threads"]["best"][0]
    assert found["dask"] == found["threads"]
    assert found["ray"] == found["threads"]


def artifacts(places: dict[str, str]) -> dict[str, str]:
    """Digest of each cached step's artifact, by the step's label."""
    return {record["label"]: record["result"]["digest"] for record in store_of(places).records()}
