"""A search from its settings to its preset, with the toy whose trainings take milliseconds."""

import json
import logging
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Store
from tasks.core.errors import InvalidSettings, UserError
from tasks.core.execution import child_process
from tasks.learning.search.config import Search
from tasks.learning.search.study import Study
from tests.flows import toy_search

pytestmark = pytest.mark.server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_server: str) -> Path:
    """Raw files and places of the toy."""
    return toy_search.prepared(tmp_path, monkeypatch)


def config(folder: Path, **changes: Any) -> Any:
    from tasks.toy.config import Config, Data  # type: ignore[import-not-found]

    return Config(data=Data(root=str(folder / "data"), **changes.pop("data", {})), **changes)


def search(folder: Path, settings: Any = None, **chosen: Any) -> dict[str, Any]:
    from flows.search.flow import search as flow

    chosen = {"trials": 4, "workers": 1, "study": "one", **chosen}
    found: dict[str, Any] = flow("toy", settings or config(folder), Search(**chosen))
    return found


def ran(folder: Path) -> int:
    """Children so far."""
    lines = (folder / "podium_store.busy").read_text().splitlines()
    return sum(not line.startswith("slot") for line in lines)


def test_the_best_trial_becomes_a_preset(folder: Path):
    found = search(folder, trials=8)
    text = Path(found["preset"]).read_text()
    winner = Study(Search(study="one"), competition="toy", steps=8).trials()[found["best"]]
    assert text.splitlines()[0] == (
        f"# Found by podium search: accuracy {found['score']['value']:.4f} ± "
        f"{found['score']['standard_error']:.4f} out of fold, trial {found['best']} of study one."
    )
    assert str(folder) not in text
    assert tomllib.loads(text)["recipes"] == [
        {key.removeprefix("recipe."): value for key, value in winner.differences.items()}
    ]
    assert found["score"]["value"] > found["start"]["value"]
    assert "<h2" in Path(found["report"]).read_text()


def test_a_search_that_finds_nothing_better_writes_no_preset(folder: Path):
    from tasks.core import locations

    found = search(folder, trials=1)
    assert (found["best"], found["preset"]) == (0, None)
    assert not (locations.presets_folder() / "toy" / "one.toml").exists()
    assert "none: no trial was better than the settings at the start" in Path(found["report"]).read_text()


def test_an_equal_trial_costs_nothing(folder: Path):
    search(folder, study="one", trials=3)
    before = ran(folder)
    search(folder, study="two", trials=3)
    assert ran(folder) == before


def test_more_trials_go_on_with_the_study(folder: Path):
    assert search(folder, trials=2)["trials"] == {"complete": 2}
    assert search(folder, trials=4)["trials"] == {"complete": 4}
    assert search(folder, trials=3)["trials"] == {"complete": 4}


def test_a_study_has_one_set_of_settings(folder: Path):
    search(folder, trials=1)
    with pytest.raises(InvalidSettings, match=r"study one: .* folds.count 2 → 3; choose another --study"):
        search(folder, config(folder, folds={"count": 3}))
    with pytest.raises(InvalidSettings, match="--seed 0 → 1"):
        search(folder, seed=1)


def test_a_study_of_an_earlier_version_goes_on_where_new_settings_have_their_defaults(folder: Path):
    from flows.search.flow import _refuse_other_settings
    from tasks.core.submissions.submissions import flat

    search_, study = Search(study="one"), Study(Search(study="one"), competition="toy", steps=8)
    tree = {**json.loads(config(folder).model_dump_json(exclude={"run"})), "data": {}}
    before = dict(flat({**tree, "--seed": search_.seed, "--pruner": search_.pruner}))
    del before["recipes.0.seeds"]
    study.set_once("settings", before)
    _refuse_other_settings(study, config(folder), search_)
    with pytest.raises(InvalidSettings, match=r"received recipes.0.seeds 1 → 2; choose another --study"):
        _refuse_other_settings(study, config(folder, recipes=({"seeds": 2},)), search_)


def test_a_study_has_one_set_of_data_wherever_it_lies(folder: Path):
    search(folder, trials=1)
    (folder / "data").rename(folder / "moved")
    moved = config(folder).model_copy(
        update={"data": config(folder).data.model_copy(update={"root": str(folder / "moved")})}
    )
    search(folder, moved, trials=2)
    (folder / "moved" / "test.json").write_text('{"new": {"at": 0.25}}')
    search(folder, moved, trials=3)  # no trial rests on what is to be answered
    points = json.loads((folder / "moved" / "train.json").read_text())
    points["p000"]["at"] = 0.5
    (folder / "moved" / "train.json").write_text(json.dumps(points))
    with pytest.raises(UserError, match="study one: expected the data that it started with"):
        search(folder, moved, trials=4)


def test_one_of_several_recipes_is_searched(folder: Path):
    both = config(folder, recipes=({"name": "first"}, {"name": "second", "epochs": 5}))
    with pytest.raises(InvalidSettings, match="--recipe: expected one of first, second, received 'none'"):
        search(folder, both)
    found = search(folder, both, recipe="second", only=("recipe.epochs",), trials=3)
    command = "podium search toy --recipe second --only recipe.epochs --study one --trials 3"
    assert f"Searched by {command}\n" in Path(found["preset"]).read_text()
    (recipe,) = tomllib.loads(Path(found["preset"]).read_text())["recipes"]
    assert recipe["name"] == "second"
    assert recipe["epochs"] > 5


def test_a_search_seeks_under_chosen_keys_only(folder: Path):
    search(folder, only=("recipe.epochs",))
    trials = Study(Search(study="one"), competition="toy", steps=8).trials()
    assert {key for trial in trials for key in trial.differences} == {"recipe.epochs"}
    assert {name for trial in trials for name in trial.params} == {"recipe.epochs"}
    with pytest.raises(InvalidSettings, match=r"study one: .* --only 'recipe.epochs' → None"):
        search(folder)
    with pytest.raises(InvalidSettings, match=r"one of recipe.learning_rate, .*; received 'recipe.epoch' "):
        search(folder, only=("recipe.epoch",))


def test_the_time_ends_a_search_cleanly_and_the_rest_is_done_later(folder: Path, monkeypatch):
    monkeypatch.setenv(toy_search.SECONDS, "0.05")
    began = time.time()
    found = search(folder, trials=1000, workers=2, timeout_seconds=8)
    assert time.time() - began < 30
    states = found["trials"]
    assert states["complete"] >= 1
    assert "running" not in states
    monkeypatch.setenv(toy_search.SECONDS, "0")
    finished = sum(states.values())
    assert search(folder, trials=finished, workers=2)["trials"].keys() <= {"complete", "pruned"}


def test_no_time_at_all_is_said(folder: Path):
    with pytest.raises(UserError, match="no trial was finished in time; the same command continues"):
        search(folder, timeout_seconds=1e-3)


def failing(times: int, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first trainings fail."""
    left = [times]

    def run(entry: str, job: dict[str, Any], **options: Any) -> None:
        if entry == "tasks.train:child" and left[0]:
            left[0] -= 1
            raise error
        toy_search.run_here(entry, job, **options)

    monkeypatch.setattr(child_process, "run", run)


def test_a_training_that_fails_once_costs_no_trial(folder: Path, monkeypatch):
    failing(1, child_process.ChildFailed("out of memory"), monkeypatch)
    assert search(folder, trials=3)["trials"] == {"complete": 3}


def test_a_trial_that_fails_twice_is_left_behind(folder: Path, monkeypatch):
    failing(2, child_process.ChildFailed("out of memory"), monkeypatch)
    assert search(folder, trials=3)["trials"] == {"fail": 1, "complete": 2}


def test_a_search_whose_trials_all_fail_ends_with_the_failure(folder: Path, monkeypatch):
    failing(1000, child_process.ChildFailed("out of memory"), monkeypatch)
    with pytest.raises(child_process.ChildFailed, match="out of memory"):
        search(folder, trials=100)
    assert len(Study(Search(study="one"), competition="toy", steps=8).trials()) <= 3


def test_a_persons_mistake_ends_the_search_and_costs_no_trial(folder: Path, monkeypatch):
    failing(1, UserError("weights.h5: expected a file"), monkeypatch)
    with pytest.raises(UserError, match=r"weights\.h5"):
        search(folder)
    assert search(folder)["trials"] == {"complete": 4}


def test_progress_is_told(folder: Path, caplog):
    caplog.set_level(logging.INFO, "podium")
    search(folder, trials=3)
    messages = [record.getMessage() for record in caplog.records if record.getMessage().startswith("trial ")]
    assert len(messages) == 3
    assert "1 of 3 trials finished" in messages[0]
    assert "min left" in messages[0]


def test_few_artifacts_and_no_process_are_left(folder: Path):
    search(folder, trials=2)
    assert not list((Store.current().root / "temporary").iterdir())
