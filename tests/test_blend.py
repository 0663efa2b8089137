"""Step `blend` on members of the toy: never worse than the best one, and what it says of itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.blend import blend, evaluator_of
from tasks.core import competition
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import Scores
from tasks.core.config import Blend
from tasks.core.errors import InvalidSettings
from tasks.core.step import Step
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.combination import Combination


@pytest.fixture
def config(toy: Path, tmp_path: Path) -> Any:
    from tasks.toy.config import Config
    from tests.toy import past

    return Config.model_validate(
        {"data": {"root": str(past.root(tmp_path / "points"))}, "folds": {"count": 4}}
    )


def blended(config: Any, members: dict[str, Artifact], **settings: Any) -> tuple[Path, dict[str, Any]]:
    from tests.toy import past

    dataset, folds = past.grounds(config)
    step: Step = blend
    given = step.bind("toy", dataset, members, Blend(**settings), folds=folds)
    path = step.execute(given).result.path
    return path, json.loads((path / "blend.json").read_text())


def values(folder: Path) -> np.ndarray:
    return prediction_files.read(folder, "out_of_fold").values


METHODS = pytest.mark.parametrize("method", ["greedy", "stack"])


@METHODS
def test_members_that_know_different_records_gain_over_the_best(config, method):
    from tests.toy import past

    members = {
        "even": past.member(config, "even", wrong=0.3, seed=1, right_on=0),
        "odd": past.member(config, "odd", wrong=0.4, seed=2, right_on=1),
    }
    folder, told = blended(config, members, method=method)
    assert told["score"]["value"] == 1.0
    assert told["gain"]["over"] == "even"
    assert told["gain"]["value"] == pytest.approx(1 - told["members"]["even"]["value"])
    assert 0 < told["gain"]["standard_error"] < 0.05
    assert sum(told["weights"].values()) == pytest.approx(1)
    assert values(folder).dtype == np.float32
    assert not prediction_files.exists(folder, "test")


@METHODS
@pytest.mark.parametrize("seed", range(4))
def test_a_blend_is_never_worse_than_its_best_member(config, method, seed):
    from tests.toy import past

    wrong = [0.1, 0.7, 0.8]
    members = {str(share): past.member(config, str(share), wrong=share, seed=seed) for share in wrong}
    _, told = blended(config, members, method=method, rounds=5)
    assert told["score"]["value"] >= max(each["value"] for each in told["members"].values())
    assert told["gain"]["value"] >= 0


def misleading(config: Any) -> dict[str, Artifact]:
    """A good member, and one whose scores suit it in all but one fold, where they spoil what is learned."""
    from tests.toy import past

    dataset, folds = past.grounds(config)
    truth = past.files.targets(dataset.path)
    good = np.eye(2)[truth] * 0.02 + 0.49
    assigned = np.load(folds.path / "folds.npy")
    loud = np.eye(2)[np.where(assigned == 0, 1 - truth, truth)] * 0.98 + 0.01
    return {
        "good": past.kept(config, "good", dataset, folds, good),
        "loud": past.kept(config, "loud", dataset, folds, loud),
    }


def test_a_stack_that_is_worse_gives_way_to_the_best_member(config):
    members = misleading(config)
    folder, told = blended(config, members, method="stack")
    assert told["weights"] == {"good": 1.0, "loud": 0.0}
    assert told["gain"] == {"over": "good", "value": 0.0, "standard_error": 0.0}
    assert told["stack"] is None
    np.testing.assert_array_equal(values(folder), values(members["good"].path))


def test_a_single_member_is_left_as_it_is_and_gains_nothing(config):
    from tests.toy import past

    member = past.member(config, "only", wrong=0.2, seed=1)
    folder, told = blended(config, {"only": member}, method="stack")
    np.testing.assert_array_equal(values(folder), values(member.path))
    assert told["gain"] is None


def test_of_many_members_it_is_told_what_weights_score_where_they_were_not_chosen(config):
    """Members that guess know nothing: what their blend scores above a half it owes to the choice."""
    from tests.toy import past

    dataset, folds = past.grounds(config)
    count = len(past.files.targets(dataset.path))
    drawn = np.random.default_rng(0).random((40, count))
    guesses = {str(place): np.stack([each, 1 - each], axis=1) for place, each in enumerate(drawn)}
    members = {name: past.kept(config, name, dataset, folds, values) for name, values in guesses.items()}
    _, told = blended(config, members)
    nested = told["nested"]
    error = nested["score"]["standard_error"]
    assert told["score"]["value"] - 0.5 > 2 * error
    assert abs(nested["score"]["value"] - 0.5) < 2 * error
    best = told["members"][nested["gain"]["over"]]["value"]
    assert nested["gain"]["value"] == pytest.approx(nested["score"]["value"] - best)
    assert nested["gain"]["standard_error"] > 0


@pytest.mark.parametrize(("count", "method"), [(3, "greedy"), (8, "stack")])
def test_few_weights_and_stacks_need_no_such_figure(config, count, method):
    from tests.toy import past

    members = {str(seed): past.member(config, str(seed), wrong=0.3, seed=seed) for seed in range(count)}
    assert blended(config, members, method=method)[1]["nested"] is None


def test_of_few_members_one_from_files_brings_the_figure_and_changes_nothing_else(config):
    from tests.toy import past

    members = {str(seed): past.member(config, str(seed), wrong=0.3, seed=seed) for seed in range(3)}
    folder, told = blended(config, members)
    with Store.current().new_folder() as copy:
        shutil.copytree(members["0"].path, copy, dirs_exist_ok=True)
        described = json.loads((copy / "member.json").read_text())
        write_json(copy / "member.json", {**described, "foreign": {"name": "0", "files": {}}})
        members["0"] = Store.current().keep("member", copy)
    other, with_files = blended(config, members)
    assert {**with_files, "nested": None} == told
    assert with_files["nested"]["score"]["value"] <= told["score"]["value"]
    np.testing.assert_array_equal(values(folder), values(other))
    assert blended(config, members, method="stack")[1]["nested"] is None


def test_a_member_of_other_records_is_refused(config):
    from tests.toy import past

    dataset, folds = past.grounds(config)
    one = past.member(config, "one", wrong=0.2, seed=1)
    found = prediction_files.read(one.path, "out_of_fold")
    with Store.current().new_folder() as folder:
        prediction_files.write(folder, "out_of_fold", Scores(found.ids[::-1], found.values))
        other = Store.current().keep("member", folder)
    with pytest.raises(ValueError, match="out_of_fold: expected the same ids in the same order"):
        blend.fn("toy", dataset, {"one": one, "other": other}, Blend(), folds=folds)


@METHODS
def test_how_members_are_combined_can_be_read_back(config, method):
    from tests.toy import past

    members = {str(seed): past.member(config, str(seed), wrong=0.3, seed=seed) for seed in range(3)}
    _, told = blended(config, members, method=method)
    combination = Combination.of_summary(told)
    assert (combination.stack is None) == (method == "greedy")
    assert combination.summary() == {name: told[name] for name in ("weights", "stack")}


def test_stacking_needs_the_folds(config):
    from tests.toy import past

    dataset, _ = past.grounds(config)
    members = {str(seed): past.member(config, str(seed), wrong=0.2, seed=seed) for seed in (1, 2)}
    with pytest.raises(InvalidSettings, match="stack needs the folds"):
        blend.fn("toy", dataset, members, Blend(method="stack"))


def test_all_scorers_are_told_how_scores_become_answers(config, monkeypatch):
    """Weights too are chosen by the settings' own mode."""
    from tests.toy import past

    dataset, _ = past.grounds(config)
    rules, given = competition.find("toy"), []

    def scorer(folder: Path, part: Any = "train", settings: Any = None) -> Any:
        given.append(settings)
        return rules.scorer(folder, part)

    monkeypatch.setattr("tasks.blend.find", lambda name: rules._replace(scorer=scorer))
    evaluator_of("toy", dataset, config.folds)
    members = {str(seed): past.member(config, str(seed), wrong=0.2, seed=seed) for seed in (1, 2)}
    blend.fn("toy", dataset, members, Blend(rounds=2), config.folds)
    assert given == [config.folds.model_dump(mode="json")] * 2
