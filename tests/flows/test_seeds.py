"""Several seeds of a recipe: what is trained besides, what is averaged, and who finds the models."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from flows.training.repeated_trainings import training_seed
from tasks.core import locations
from tasks.core.cache.keys import canonical
from tasks.core.cache.lineage import Lineage
from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import competition_names
from tasks.core.context import recorded_by
from tasks.core.errors import InvalidSettings
from tasks.core.step import Step
from tasks.core.submissions import submissions
from tasks.learning.ensemble import prediction_files
from tasks.learning.seeds import fold_seed
from tests.conftest import PLACES
from tests.flows.sequential import Run, walk

RECIPE = {"name": "layer", "learning_rate": 0.05, "epochs": 2}
FOLDS, SEEDS = 2, 3


def settings(folder: Path, *, seeds: int = SEEDS) -> Any:
    from tasks.toy.config import Config

    recipes = [{**RECIPE, "seeds": seeds}]
    return Config.model_validate({"data": {"root": str(folder / "points")}, "recipes": recipes})


def run_toy(folder: Path, *, seeds: int) -> Run:
    from tests.toy.flow import toy as flow

    return walk(flow, folder, settings(folder, seeds=seeds), run=f"{seeds} seeds")


class Trained(NamedTuple):
    """A run with one seed and then one with three."""

    folder: Path
    one: Run
    three: Run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    from tests.toy import plugging, raw_files

    folder = tmp_path_factory.mktemp("seeds")
    with pytest.MonkeyPatch.context() as patch:
        plugging.plug(folder / "code", patch)
        raw_files.write(folder / "points", 202)
        yield Trained(folder, run_toy(folder, seeds=1), run_toy(folder, seeds=SEEDS))


@pytest.fixture
def place(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """The same, whose places are those of this process."""
    for variable in PLACES:
        monkeypatch.setenv(variable, str(trained.folder / variable.lower()))
    return trained


def result(label: str) -> Path:
    """The artifact of the newest step with this label."""
    records = [record for record in Store.current().records() if record["label"] == label]
    record = max(records, key=lambda each: each["finished"])
    return Store.current().artifact_folder(Artifact.model_validate(record["result"]))


def member_with(seeds: int) -> Any:
    """The member of the run with this many seeds."""
    from flows.members.cached_members import cached_members
    from flows.members.member_models import predictions_by_models

    lineage = Lineage(Store.current().records())
    members = cached_members(Store.current(), "toy")
    (found,) = [each for each in members if len(predictions_by_models(each, lineage)[0]) == seeds]
    return found


# Keys and seeds


def recipe_of(competition: str, seeds: int) -> Any:
    config = import_module(f"tasks.{competition}.config").Config
    return config.model_validate({"recipes": [{"seeds": seeds}]}).recipes[0]


@pytest.mark.parametrize("competition", competition_names())
def test_the_number_of_seeds_is_in_no_key(competition: str) -> None:
    one, three = (recipe_of(competition, seeds) for seeds in (1, 3))
    for form in ("for_training", "for_prediction"):
        keys = [canonical(getattr(recipe, form)(), "recipe", Store.current()) for recipe in (one, three)]
        assert keys[0] == keys[1]
        assert "seeds" not in keys[0]
        assert getattr(three, form)() == getattr(one, form)()


def test_the_first_seed_is_that_of_a_single_training() -> None:
    assert [training_seed(7, fold, 0) for fold in range(3)] == [fold_seed(7, fold) for fold in range(3)]
    seeds = {training_seed(seed, fold, number) for seed in (0, 1) for fold in range(5) for number in range(9)}
    assert len(seeds) == 2 * 5 * 9


def test_seeds_without_a_training_are_refused() -> None:
    from tasks.dogs.config import Recipe

    start = {"head": {"start": "discriminant"}, "training": {"stages": []}}
    assert Recipe.model_validate(start).seeds == 1
    with pytest.raises(ValueError, match="seeds: expected 1 without stages"):
        Recipe.model_validate({**start, "seeds": 2})


# A run of the toy


def test_further_seeds_leave_the_first_in_the_cache(trained: Trained) -> None:
    names = [f"fold {fold} seed {number}" for fold in range(FOLDS) for number in range(1, SEEDS)]
    ran = [label for label in trained.three.runner.ran() if label.startswith(("train", "predict"))]
    kinds = ("train layer {}", "predict layer {}", "predict layer test, {}")
    assert sorted(ran) == sorted(kind.format(name) for kind in kinds for name in names)
    others = {label for label in trained.three.runner.ran() if not label.startswith(("train", "predict"))}
    of_member = {"mean layer fold 0", "mean layer fold 1", "gather layer", "average layer test"}
    shared = {f"{step} toy" for step in ("blend", "decode", "submit", "report")} | {"combine toy test"}
    evaluated = {f"evaluate layer seed {number}" for number in range(SEEDS)}
    assert others == {*of_member, *evaluated, *shared}


def test_a_single_seed_is_named_as_ever(trained: Trained) -> None:
    assert not [label for label in trained.one.runner.states if "seed" in label or label.startswith("mean")]


def test_a_members_scores_are_the_mean_of_all_its_models(place: Trained) -> None:
    for fold in range(FOLDS):
        names = [f"predict layer fold {fold}"]
        names += [f"predict layer fold {fold} seed {number}" for number in range(1, SEEDS)]
        single = [prediction_files.read(result(name), "held_out") for name in names]
        assert len({each.values.tobytes() for each in single}) == SEEDS
        averaged = prediction_files.read(result(f"mean layer fold {fold}"), "held_out")
        assert averaged.ids == single[0].ids
        expected = np.mean([each.values for each in single], axis=0)
        np.testing.assert_allclose(averaged.values, expected, rtol=1e-6)
    names = [f"predict layer test, fold {fold}" for fold in range(FOLDS)]
    names += [f"predict layer test, fold {fold} seed {number}" for fold in range(FOLDS) for number in (1, 2)]
    expected = np.mean([prediction_files.read(result(name), "test").values[:, 0] for name in names], axis=0)
    member = prediction_files.read(result("average layer test"), "test")
    np.testing.assert_allclose(member.values, expected, rtol=1e-6)


def test_single_seeds_are_scored_beside_their_mean(place: Trained) -> None:
    labels = [f"evaluate layer seed {number}" for number in range(SEEDS)]
    single = [json.loads((result(label) / "score.json").read_text()) for label in labels]
    first = json.loads((member_with(1).artifact.path / "member.json").read_text())["score"]
    assert single[0] == pytest.approx(first)
    assert len({each["value"] for each in single}) == SEEDS
    assert "Seeds" in place.three.published
    assert "Seeds" not in place.one.published


def test_a_plan_adds_the_further_trainings_alone(place: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.budget import plan as planning
    from tests.toy.flow import toy as flow

    monkeypatch.setattr(planning, "find_flow", lambda competition: flow)
    planned = planning.plan("toy", settings(place.folder, seeds=4))
    uncached = {step.label for step in planned if step.state != "cached"}
    assert {label for label in uncached if label.startswith(("train", "predict"))} == {
        f"{kind} fold {fold} seed 3"
        for kind in ("train layer", "predict layer", "predict layer test,")
        for fold in range(FOLDS)
    }
    members = {step.label for step in planned if step.member == "layer"}
    assert members == {"gather layer", "average layer test", "evaluate layer seed 3"}
    assert all(step.seconds is not None for step in planned if step.label.startswith("train"))
    as_before = planning.plan("toy", settings(place.folder))
    assert {step.label for step in as_before if step.state != "cached"} == {"submit toy", "report toy"}


# Who finds the models


def test_a_submission_names_the_models_of_all_seeds(place: Trained) -> None:
    ensembles = [
        submissions.read(Path(run.result["submission"]).parent).provenance["ensemble"]["members"]["layer"]
        for run in (place.one, place.three)
    ]
    models = [[model["digest"] for model in each["models"]] for each in ensembles]
    assert [len(each) for each in models] == [FOLDS, FOLDS * SEEDS]
    assert len(set(models[1])) == FOLDS * SEEDS
    assert models[1][::SEEDS] == models[0]
    assert [each["recipe"]["seeds"] for each in ensembles] == [1, SEEDS]


def test_other_records_are_predicted_by_all_seeds(place: Trained, tmp_path: Path) -> None:
    from flows.prediction.flow import prediction
    from tests.toy.flow import toy as flow

    other = tmp_path / "points"
    other.mkdir()
    points = {f"n{index:02}": {"at": (index - 19.5) / 20} for index in range(40)}
    (other / "test.json").write_text(json.dumps(points))
    (other / "train.json").write_bytes((place.folder / "points" / "train.json").read_bytes())
    source, overrides = Path(place.three.result["submission"]).parent.name, [f"data.root={other}"]
    with_source = walk(prediction, place.folder, "toy", source, overrides, "final", run="prediction")
    predicted = [label for label in with_source.runner.ran() if label.startswith("predict")]
    assert len(predicted) == FOLDS * SEEDS
    assert "predict layer test, fold 1 seed 2" in predicted
    again = walk(flow, place.folder, settings(tmp_path), run="again")
    assert not {label.split()[0] for label in again.runner.ran()} & {"train", "predict", "average"}
    answers = [Path(run.result["submission"]).read_bytes() for run in (with_source, again)]
    assert answers[0] == answers[1]


def test_a_blend_finds_the_models_by_fold_and_seed(place: Trained) -> None:
    from flows.members.member_provenance import earlier_members
    from tasks.toy.config import Config

    known = submissions.listed(locations.submissions_folder(), "toy")
    found = earlier_members({"layer": member_with(SEEDS)}, Config, known)["layer"]
    provenance = submissions.read(Path(place.three.result["submission"]).parent).provenance
    described = provenance["ensemble"]["members"]["layer"]
    assert [model.digest for model in found.models] == [model["digest"] for model in described["models"]]
    assert found.recipe.seeds == SEEDS
    assert len(earlier_members({"layer": member_with(1)}, Config, known)["layer"].models) == FOLDS


def test_members_show_that_they_have_several_seeds(place: Trained) -> None:
    from flows.blending.member_table import member_rows

    rows = {row.member.artifact.name: row.differences for row in member_rows(Store.current(), "toy")}
    assert rows[member_with(SEEDS).artifact.name] == {"seeds": "3"}
    assert rows[member_with(1).artifact.name] == {}


def test_settings_without_the_field_have_one_seed() -> None:
    from flows.members.member_provenance import recipe_settings
    from tasks.dogs.config import Config

    recipe = recipe_of("dogs", 1).model_dump(mode="json")
    del recipe["seeds"]
    assert recipe_settings(recipe, Config).seeds == 1


def test_a_number_of_seeds_is_checked() -> None:
    from tasks.core.settings.resolve import resolve

    with pytest.raises(InvalidSettings, match=r"recipes\.0\.seeds"):
        resolve("dogs", preset="demo", overrides=["recipe.seeds=0"])
    assert resolve("dogs", preset="demo", overrides=["recipe.seeds=2"]).recipes[0].seeds == 2  # type: ignore[attr-defined]


# Which steps read which: the flows, with labels in place of results


class Labels:
    """Recorder that returns each step's label, and keeps the arguments."""

    def __init__(self) -> None:
        self.arguments: dict[str, dict[str, Any]] = {}

    def call(self, step: Step, arguments: dict[str, Any]) -> str:
        label = step.label(arguments)
        assert label not in self.arguments
        self.arguments[label] = arguments
        return label


def steps_of(competition: str, **changes: Any) -> dict[str, dict[str, Any]]:
    config = import_module(f"tasks.{competition}.config").Config.model_validate(changes)
    labels = Labels()
    with recorded_by(labels):
        getattr(import_module(f"flows.{competition}"), competition).fn(config)
    return labels.arguments


TEXTS = [("extraction", "dgcnn"), ("nl2sql", "sketch")]


@pytest.mark.parametrize(("competition", "name"), TEXTS)
def test_models_that_agree_predict_together(competition: str, name: str) -> None:
    steps = steps_of(competition, folds={"count": 2}, recipes=[{"name": name, "seeds": 2}])
    trained = [[f"train {name} fold {fold} seed {number}" for number in (0, 1)] for fold in (0, 1)]
    held_out = [f"predict {name} fold {fold}" for fold in (0, 1)]
    assert [steps[label]["models"] for label in held_out] == trained
    assert steps[f"gather {name}"]["held_out"] == held_out
    for part in ("validation", "test"):
        assert steps[f"predict {name} {part}"]["models"] == [*trained[0], *trained[1]]
    assert not [label for label in steps if label.startswith("mean")]
    single = [[f"predict {name} fold {fold} seed {number}" for number in (0, 1)] for fold in (0, 1)]
    evaluated = [f"evaluate {name} seed {number}" for number in (0, 1)]
    assert [steps[label]["predictions"] for label in evaluated] == [
        [single[0][number], single[1][number]] for number in (0, 1)
    ]
    assert steps[single[1][0]]["models"] == [trained[1][0]]
    report = steps[f"report {competition}"]
    assert list(report["models"]) == [
        label.replace(f"train {name}", f"{name},") for label in [*trained[0], *trained[1]]
    ]
    assert report["seed_scores"] == {name: evaluated}


@pytest.mark.parametrize(("competition", "name"), [("dogs", "frozen"), *TEXTS])
def test_one_seed_makes_no_further_step(competition: str, name: str) -> None:
    one = steps_of(competition, recipes=[{"name": name}])
    assert not [label for label in one if "seed" in label or label.startswith("mean")]
    assert next(iter(one[f"report {competition}"]["models"])) == f"{name}, fold 0"
    assert one[f"report {competition}"]["seed_scores"] == {}


def test_labels_of_a_second_round_are_of_all_seeds_that_have_not_seen_the_fold() -> None:
    recipes = [{"name": "small", "seeds": 2}, {"name": "large"}]
    steps = steps_of("dogs", folds={"count": 2}, pseudo={"share": 0.5}, recipes=recipes)
    for fold in (0, 1):
        scores = [f"mean small test, fold {fold}", f"predict large test, fold {fold}"]
        assert steps[f"pseudo fold {fold}"]["scores"] == scores
        predicted = [f"predict small test, fold {fold} seed {number}" for number in (0, 1)]
        assert steps[scores[0]]["predictions"] == predicted
        for number, label in enumerate(predicted):
            (model,) = steps[label]["models"]
            assert model == f"train small fold {fold} seed {number}"
            assert steps[model]["fold"] == fold
            again = steps[f"train small-again fold {fold} seed {number}"]
            assert again["labels"] == f"pseudo fold {fold}"
    assert len(steps["average small test"]["predictions"]) == 4


def test_pairs_of_folds_have_one_model_whatever_the_seeds() -> None:
    changes: dict[str, Any] = {"folds": {"count": 3}, "second_round": {"run": True}}
    one, three = (
        steps_of("extraction", recipes=[{"name": "dgcnn", "seeds": seeds}], **changes) for seeds in (1, 3)
    )
    pairs = [label for label in one if label.startswith("train dgcnn folds")]
    assert len(pairs) == 3
    assert [label for label in three if label.startswith("train dgcnn folds")] == pairs
    assert [three[label]["seed"] for label in pairs] == [one[label]["seed"] for label in pairs]
    for pool in (f"pool dgcnn for fold {fold}" for fold in range(3)):
        assert three[pool] == one[pool]
        assert [three[label]["models"] for label in three[pool]["scores"]] == [
            one[label]["models"] for label in one[pool]["scores"]
        ]
    assert three["train dgcnn-again fold 2 seed 1"]["labels"] == "pool dgcnn for fold 2"
