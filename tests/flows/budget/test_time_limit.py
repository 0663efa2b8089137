"""A run with little time, from its settings to its submission, with the toy whose epochs are naps."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Store
from tasks.core.errors import UserError
from tests.flows import toy_search

pytestmark = pytest.mark.server

QUICK = {"name": "quick", "epochs": 5}
SLOW = {"name": "slow", "epochs": 2000}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_server: str) -> Path:
    """Raw files and places of the toy."""
    monkeypatch.setenv(toy_search.SECONDS, "0.1")
    return toy_search.prepared(tmp_path, monkeypatch)


def run(folder: Path, *recipes: dict[str, Any], seconds: float = 0) -> dict[str, Any]:
    """What the flow returns."""
    from tasks.toy.config import Config, Data, Recipe  # type: ignore[import-not-found]
    from tests.toy.flow import toy

    config = Config(data=Data(root=str(folder / "data")), recipes=[Recipe(**each) for each in recipes])
    limited = config.run.model_copy(update={"budget_seconds": seconds})
    found: dict[str, Any] = toy(config.model_copy(update={"run": limited}))
    return found


def ran() -> set[str]:
    """Labels of the cached steps that were computed in the newest run."""
    store = Store.current()
    journal = store.journal(store.newest_runs(1)[0])
    return {entry["label"] for entry in journal if entry["state"] == "ran" and entry["key"]}


def made_of(recipe: str) -> set[str]:
    """Labels of the recipe's steps that were ever computed."""
    return {record["label"] for record in Store.current().records() if recipe in record["label"]}


def test_a_run_leaves_out_what_its_time_does_not_allow_and_a_later_one_makes_up_for_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = run(folder, QUICK, SLOW, seconds=60)
    submission = Path(short["submission"])
    provenance = json.loads((submission.parent / "provenance.json").read_text())
    assert list(short["left_out"]) == list(provenance["left_out"]) == ["slow"]
    assert short["left_out"]["slow"].startswith("needs more than ")  # how long it predicts, nothing tells
    assert [recipe["name"] for recipe in provenance["config"]["recipes"]] == list(provenance["members"])
    assert list(provenance["members"]) == ["quick"]
    assert short["left_out"]["slow"] in (submission.parent / "report.html").read_text()
    assert made_of("slow") <= {"encode slow test identity"}  # the input of both recipes' models

    assert run(folder, QUICK)["score"] == short["score"]
    assert ran() == set()  # it was a run of fewer recipes

    monkeypatch.setenv(toy_search.SECONDS, "0")
    whole = run(folder, QUICK, SLOW)
    assert whole["left_out"] == {}
    assert {label for label in ran() if "quick" in label} == set()
    made = {"train slow fold 0", "train slow fold 1", "gather slow", "average slow test", "blend toy"}
    assert made <= ran()

    assert run(folder, QUICK, SLOW, seconds=1)["submission"] == whole["submission"]  # all is there already


def test_a_run_without_any_member_ends_in_one_message(folder: Path) -> None:
    with pytest.raises(
        UserError, match=r"(?s)no recipe was finished in 8 s.*train slow fold 0.*the same command"
    ):
        run(folder, SLOW, seconds=8)
    assert not list(folder.glob("podium_submissions/*/*"))
    assert made_of("slow") <= {"encode slow train identity", "encode slow test identity"}
