"""One run on threads, on Dask and on Ray: the same bytes from raw files to submission, and shared hits."""

from pathlib import Path

import pytest

from tests.flows.podium_runs import command, draw, environment, finish, journals, ran, store_of, submissions

pytestmark = [pytest.mark.slow, pytest.mark.server]

COMPETITIONS = ("dogs", "extraction", "nl2sql")


@pytest.fixture(scope="module", params=COMPETITIONS)
def threads(request, tmp_path_factory, prefect_server) -> tuple[str, Path, dict[str, str]]:
    """A run of a competition's steps on this machine's own processes."""
    folder = tmp_path_factory.mktemp(request.param)
    places = environment(folder, store="threads")
    finish(command(draw(folder / "data", request.param), request.param), places)
    return request.param, folder, places


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_a_cluster_makes_the_same_bytes_and_hits_what_threads_made(threads, runner):
    competition, folder, here = threads
    words = command(folder / "data", competition, run__runner=runner)
    there = environment(folder, store=runner)
    told = finish(words, there)
    assert "works on " in told
    assert submissions(there) == submissions(here)
    assert artifacts(there) == artifacts(here)
    finish(words, here)
    assert ran(journals(here)[-1]) == []


def artifacts(places: dict[str, str]) -> dict[str, str]:
    """What each cached step made, by its label: names say the bytes."""
    return {record["label"]: record["result"]["digest"] for record in store_of(places).records()}
