"""Steps `average`, `combine` and `validate`: from models' scores of a part to those of the blend."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.average import average
from tasks.blend import blend
from tasks.combine import combine
from tasks.core import competition
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import Part, Score, Scores
from tasks.core.config import Blend
from tasks.core.step import Step
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.combination import Combination
from tasks.validate import validate

IDS = ["x", "y", "z"]


@pytest.fixture
def config(toy: Path, tmp_path: Path) -> Any:
    from tasks.toy.config import Config
    from tests.toy import past

    return Config.model_validate(
        {"data": {"root": str(past.root(tmp_path / "points"))}, "folds": {"count": 4}}
    )


def kept(part: str, values: np.ndarray, ids: list[str] = IDS) -> Artifact:
    """Scores of a part as a step would have left them."""
    with Store.current().new_folder() as folder:
        prediction_files.write(folder, part, Scores(ids, values.astype(np.float32)))
        return Store.current().keep("scores", folder)


def summary(kind: str, content: dict[str, Any], name: str) -> Artifact:
    with Store.current().new_folder() as folder:
        write_json(folder / name, content)
        return Store.current().keep(kind, folder)


def done(step: Step, *arguments: Any, **keywords: Any) -> Artifact:
    artifact: Artifact = step.execute(step.bind(*arguments, **keywords)).result
    return artifact


# average


def member_with(share: float) -> Artifact:
    return summary("member", {"first_head": share}, "member.json")


HEADS = np.arange(12, dtype=np.float32).reshape(3, 2, 2)


def test_the_mean_of_the_models_is_blended_with_the_members_share(toy):
    scores = done(
        average, "layer", member_with(0.75), [kept("test", HEADS), kept("test", HEADS + 1)], part="test"
    )
    found = prediction_files.read(scores.path, "test")
    assert (scores.kind, found.ids) == ("member_scores", IDS)
    np.testing.assert_array_equal(found.values, 0.75 * (HEADS[:, 0] + 0.5) + 0.25 * (HEADS[:, 1] + 0.5))


def test_models_of_other_records_have_no_average(toy):
    predictions = [kept("test", HEADS), kept("test", HEADS, IDS[::-1])]
    with pytest.raises(ValueError, match="expected the same ids in the same order from every model"):
        done(average, "layer", member_with(1.0), predictions, part="test")


def test_the_members_name_is_in_no_key_of_its_average(toy):
    member, predictions = member_with(1.0), [kept("test", HEADS)]
    calls = [average.bind(name, member, predictions, part="test") for name in ("one", "other")]
    assert len({average.key(call, Store.current()).digest for call in calls}) == 1


# combine


def of_blend(**weights: float) -> Artifact:
    return summary("blend", Combination(weights).summary(), "blend.json")


def test_members_are_combined_with_the_weights_of_the_blend(toy):
    members = {"a": kept("test", np.ones((3, 2))), "b": kept("test", np.zeros((3, 2)))}
    scores = done(combine, "toy", of_blend(a=0.75, b=0.25), members, part="test")
    found = prediction_files.read(scores.path, "test")
    assert found.ids == IDS
    np.testing.assert_array_equal(found.values, np.full((3, 2), 0.75, np.float32))


def test_scores_of_members_without_a_weight_are_not_read(toy):
    one = kept("test", np.ones((3, 2)))
    gone = Artifact(kind="scores", digest="0" * 64)
    with_it = done(combine, "toy", of_blend(a=1.0, b=0.0), {"a": one, "b": gone}, part="test")
    without = done(combine, "toy", of_blend(a=1.0, b=0.0), {"a": one}, part="test")
    assert with_it == without


def test_members_of_other_records_are_refused(toy):
    members = {"a": kept("test", np.ones((3, 2))), "b": kept("test", np.ones((3, 2)), IDS[::-1])}
    with pytest.raises(ValueError, match="test: expected the same ids in the same order from every member"):
        done(combine, "toy", of_blend(a=0.5, b=0.5), members, part="test")


@pytest.mark.parametrize("method", ["greedy", "stack"])
def test_a_part_is_combined_as_the_records_the_weights_were_chosen_on(config, method):
    """Of records that score as the training records do, the blend scores as it does out of fold."""
    from tests.toy import past

    train, folds = past.grounds(config)
    members = {str(seed): past.member(config, str(seed), wrong=0.3, seed=seed) for seed in range(3)}
    blended = done(blend, "toy", train, members, Blend(method=method), folds=folds)
    out_of_fold = {name: prediction_files.read(each.path, "out_of_fold") for name, each in members.items()}
    as_test = {name: kept("test", each.values, each.ids) for name, each in out_of_fold.items()}
    combined = prediction_files.read(done(combine, "toy", blended, as_test, part="test").path, "test")
    expected = prediction_files.read(blended.path, "out_of_fold")
    assert combined.ids == expected.ids
    if method == "greedy":
        np.testing.assert_array_equal(combined.values, expected.values)
    else:  # out of fold, each record's model was fitted on the other folds
        np.testing.assert_allclose(combined.values, expected.values, atol=0.1)
        assert not np.array_equal(combined.values, expected.values)


# validate


@pytest.fixture
def given(config: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The toy with a validation part of three records; what its scorer was given is noted here."""
    rules, noted = competition.find("toy"), list[Any]()

    def ids(dataset: Any, part: Part) -> list[str]:
        return IDS if part == "validation" else []

    def scorer(dataset: Any, part: Part = "train", settings: Any = None) -> Any:
        def score(values: np.ndarray, *, decision: Any) -> Score:
            noted.append((part, settings, decision))
            return Score("sum", float(values.sum()), 0.0)

        return score

    monkeypatch.setattr("tasks.validate.find", lambda name: rules._replace(ids=ids, scorer=scorer))
    return noted


DECISIONS = {"decision": {"of": "blend"}, "members_decision": {"a": {"of": "a"}, "b": {"of": "b"}}}


def validated(config: Any) -> dict[str, Any]:
    members = {"a": kept("validation", np.ones((3, 2))), "b": kept("validation", np.zeros((3, 2)))}
    blended = summary("blend", DECISIONS, "blend.json")
    combined = kept("validation", np.full((3, 2), 0.5))
    folder = validate.fn("toy", [], blended, combined, members, config.folds).path
    found: dict[str, Any] = json.loads((folder / "validation.json").read_text())
    return found


def test_each_is_scored_with_the_decision_that_was_chosen_out_of_fold(config, given):
    assert {name: Score(**each).value for name, each in validated(config).items()} == {
        "a": 6.0,
        "b": 0.0,
        "blend": 3.0,
    }
    settings = config.folds.model_dump(mode="json")
    assert given == [("validation", settings, {"of": name}) for name in ("a", "b", "blend")]


def test_a_part_without_records_has_no_scores(config, given, monkeypatch):
    monkeypatch.setattr("tests.test_combine.IDS", [])
    empty = kept("validation", np.zeros((0, 2)), [])
    blended = summary("blend", DECISIONS, "blend.json")
    folder = validate.fn("toy", [], blended, empty, {"a": empty, "b": empty}).path
    assert (json.loads((folder / "validation.json").read_text()), given) == ({}, [])
