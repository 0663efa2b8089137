"""Two stores that share no disk, and runs of both that find in a bucket what the other has computed."""

from pathlib import Path

import pytest

from tasks.core.cache.remote_store import VARIABLE
from tests.core.bucket import served
from tests.flows.podium_runs import command, draw, environment, finish, journals, ran, submissions

pytestmark = [pytest.mark.slow, pytest.mark.server]


def test_a_run_computes_only_what_no_other_store_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_server: str
) -> None:
    data = draw(tmp_path / "data")
    with served(monkeypatch) as address:
        monkeypatch.setenv(VARIABLE, address)
        here, there = (environment(tmp_path, store=name) for name in ("here", "there"))
        finish(command(data), here)
        finish(command(data), there)
        assert ran(journals(there)[0]) == []
        assert submissions(there) == submissions(here)

        finish(command(data, seed=7), there)
        finish(command(data, seed=7), here)
        assert "load dogs train" not in ran(journals(there)[1])
        assert ran(journals(there)[1]) != []
        assert ran(journals(here)[1]) == []
