"""Members of earlier runs whose weights are averaged; nothing is trained."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core import locations
from tasks.core.cache.lineage import Lineage
from tasks.core.cache.store import Artifact, Store
from tasks.core.errors import InvalidSettings
from tasks.core.submissions import submissions
from tasks.core.submissions.cache_eviction import artifacts_behind
from tests.conftest import PLACES
from tests.core.stored_records import replace_record
from tests.flows.blending.test_flow import blended
from tests.flows.sequential import Run, walk

RECIPES = [
    {"name": name, "learning_rate": rate, "epochs": epochs}
    for name, rate, epochs in (("worst", 0.02, 1), ("short", 0.5, 3), ("long", 0.5, 8))
]
SEEDS = {"name": "seeds", "seeds": 2, "learning_rate": 0.5, "epochs": 3}


def settings(folder: Path, **changes: Any) -> Any:
    from tasks.toy.config import Config

    return Config.model_validate({"data": {"root": str(folder / "points")}, "recipes": RECIPES, **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a run with all recipes."""
    from tests.toy import plugging, raw_files

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        plugging.plug(folder / "code", patch)
        from tests.toy.flow import toy as flow

        raw_files.write(folder / "points", 202)
        walk(flow, folder, settings(folder, recipes=[*RECIPES, SEEDS]), run="first")
        yield folder


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    """A copy for one test."""
    for name in ("points", *map(str.lower, PLACES[:2])):
        shutil.copytree(trained / name, tmp_path / name)
    return tmp_path


def ingredients(config: Any, *names: str, name: str = "soup") -> Any:
    from flows.blending.soup_ingredients import find_ingredients

    known = submissions.listed(locations.submissions_folder(), "toy")
    return find_ingredients("toy", config, ",".join(names), name=name, submissions=known)


def averaged(folder: Path, *names: str, method: str = "uniform", run: str = "averaged") -> Run:
    from flows.blending.averaging import averaging

    found = ingredients(settings(folder), *names)
    config = found.config.model_copy(update={"run": found.config.run.model_copy(update={"name": "soup"})})
    command = "podium average {competition} a b --from {folder}"
    return walk(averaging, folder, "toy", config, found, method, command, run=run)


def weights(model: Path) -> list[np.ndarray]:
    """Kernel (1, 2) and bias (2,) of the toy's only layer."""
    import h5py

    with h5py.File(model / "model.weights.h5") as file:
        return [np.asarray(file[f"layers/dense/vars/{number}"]) for number in range(2)]


def models_of(name: str) -> list[Path]:
    from flows.members import member_provenance

    lineage = Lineage(Store.current().records())
    return [each.path for each in member_provenance.models_of(member(name), lineage)]


def member(name: str) -> Any:
    from flows.members.cached_members import cached_members

    return next(each for each in cached_members(Store.current(), "toy") if each.recipe == name)


def answers(run: Run) -> list[str]:
    return Path(run.result["submission"]).read_text().splitlines()


def submission_of(run: Run) -> submissions.Submission:
    return submissions.read(Path(run.result["submission"]).parent)


# A soup is a member like any other


def test_its_models_have_the_mean_weights_of_each_fold_and_predict_with_them(place: Path) -> None:
    run = averaged(place, "worst", "short", "long")
    for fold, model in enumerate(models_of("soup")):
        of_others = [weights(models_of(name)[fold]) for name in ("worst", "short", "long")]
        for received, *given in zip(weights(model), *of_others, strict=True):
            np.testing.assert_array_equal(received, np.mean(np.float64(given), axis=0).astype(np.float32))
    path = member("soup").artifact.path
    ids = json.loads((path / "out_of_fold_ids.json").read_text())
    points = json.loads((place / "points" / "train.json").read_text())
    assigned = np.load(next(Store.current().root.glob("artifacts/folds-*/folds.npy")))
    for id, fold, scores in zip(ids, assigned, np.load(path / "out_of_fold.npy"), strict=True):
        kernel, bias = weights(models_of("soup")[fold])
        odds = np.exp(points[id]["at"] * kernel[0] + bias)
        np.testing.assert_allclose(scores, odds / odds.sum(), rtol=1e-5)
    assert not [label for label in run.runner.ran() if label.startswith(("train", "augment"))]


def test_it_is_listed_with_what_was_averaged(place: Path) -> None:
    from flows.blending.member_table import member_rows

    averaged(place, "short", "long")
    rows = {row.member.recipe: row.differences for row in member_rows(Store.current(), "toy")}
    assert rows["soup"] == {
        "learning_rate": "0.5",
        "epochs": "8/3",
        "average.0": member("long").short,
        "average.1": member("short").short,
    }
    assert rows["short"] == {"learning_rate": "0.5", "epochs": "3"}


def test_a_second_time_everything_is_cached_and_the_submission_is_the_same(place: Path) -> None:
    first, second = (averaged(place, "short", "long", run=run) for run in ("once", "twice"))
    assert second.runner.ran() == ["submit toy", "report toy"]
    assert second.result["submission"] == first.result["submission"]


def test_its_submission_tells_what_was_averaged_and_keeps_it(place: Path) -> None:
    run = averaged(place, "worst", "short", "long")
    provenance = submission_of(run).provenance
    soup = provenance["ensemble"]["members"]["soup"]["soup"]
    assert soup == run.result["soup"]
    assert list(soup["ingredients"]) == ["long", "short", "worst"]
    assert all(each["chosen"] for each in soup["ingredients"].values())
    assert provenance["gain"] == soup["gain"]
    assert provenance["gain"]["over"] == "long"
    best = soup["ingredients"]["long"]["score"]["value"]
    assert provenance["gain"]["value"] == pytest.approx(provenance["score"]["value"] - best)
    assert provenance["nested"] is None
    assert "podium average toy a b --from" in provenance["command"]
    needed = artifacts_behind([submission_of(run)])
    assert {path.name for name in ("worst", "short", "long", "soup") for path in models_of(name)} < needed
    recipes = [each["name"] for each in provenance["config"]["recipes"]]
    assert recipes == ["long", "short", "worst"]
    report = (submission_of(run).folder / "report.html").read_text()
    assert "over long, the best of them" in report


def test_it_is_blended_exported_and_averaged_like_others(place: Path, tmp_path: Path) -> None:
    from flows.blending import member_exchange

    averaged(place, "short", "long")
    blend = blended(settings(place), "soup,worst", place)
    assert set(submission_of(blend).provenance["members"]) == {"soup", "worst"}
    counts = member_exchange.export("toy", settings(place), "soup", tmp_path / "soup.csv")
    assert counts == {"out_of_fold": 200, "test": 2}
    again = ingredients(settings(place), "soup", "worst", name="again")
    assert set(again.members) == {"soup", "worst"}


def test_its_submission_answers_other_test_records(place: Path) -> None:
    from flows.prediction.flow import prediction

    run = averaged(place, "short", "long")
    points = {f"n{index:02}": {"at": (index - 19.5) / 20} for index in range(40)}
    (place / "points" / "test.json").write_text(json.dumps(points))
    overrides = [f"data.root={place / 'points'}"]
    further = walk(
        prediction, place, "toy", submission_of(run).folder.name, overrides, "further", run="further"
    )
    layers = [weights(model) for model in models_of("soup")]
    for line in answers(further):
        id, side = line.split(" ")
        odds = [np.exp(points[id]["at"] * kernel[0] + bias) for kernel, bias in layers]
        mean = np.mean([each / each.sum() for each in odds], axis=0)
        assert side == ("left", "right")[int(mean.argmax())]
    assert len(answers(further)) == len(points)


def test_all_models_of_several_seeds_are_averaged(place: Path) -> None:
    averaged(place, "seeds")
    of_seeds = models_of("seeds")
    assert len(of_seeds) == 4
    for fold, model in enumerate(models_of("soup")):
        first, second = (weights(each) for each in of_seeds[2 * fold : 2 * fold + 2])
        assert not np.array_equal(first[0], second[0])
        for received, *given in zip(weights(model), first, second, strict=True):
            np.testing.assert_array_equal(received, np.mean(np.float64(given), axis=0).astype(np.float32))
    assert [len(each) for each in ingredients(settings(place), "seeds", "long").members["seeds"].models] == [
        2,
        2,
    ]


# Greedily


def test_a_greedy_soup_leaves_out_what_makes_it_worse(place: Path) -> None:
    run = averaged(place, "worst", "short", "long", method="greedy")
    soup = run.result["soup"]
    chosen = {name: each["chosen"] for name, each in soup["ingredients"].items()}
    assert chosen == {"long": True, "short": True, "worst": False}
    assert soup["gain"]["value"] >= 0
    assert soup["nested"]["gain"]["over"] == "long"
    assert submission_of(run).provenance["nested"] == soup["nested"]
    assert (
        "chosen for each fold on the other folds" in (submission_of(run).folder / "report.html").read_text()
    )
    uniform = averaged(place, "short", "long", run="uniform")
    assert [label for label in uniform.runner.ran() if not label.startswith(("submit", "report"))] == []
    assert {each.recipe for each in cached()} == {
        "soup",
        "worst",
        "short",
        "long",
        "seeds",
    }  # no candidate is listed


def cached() -> list[Any]:
    from flows.members.cached_members import cached_members

    return cached_members(Store.current(), "toy")


def test_where_no_soup_is_as_good_as_the_best_alone_nothing_is_submitted(place: Path) -> None:
    before = sorted(locations.submissions_folder().rglob("*"))
    run = averaged(place, "worst", "long", method="greedy")
    assert set(run.result) == {"soup"}
    assert [each["chosen"] for each in run.result["soup"]["ingredients"].values()] == [True, False]
    assert sorted(locations.submissions_folder().rglob("*")) == before


# Refused, before anything is computed


def refusal(config: Any, *names: str, name: str = "soup") -> str:
    with pytest.raises(InvalidSettings) as caught:
        ingredients(config, *names, name=name)
    return str(caught.value)


def test_members_of_other_folds_are_refused(place: Path) -> None:
    config = settings(place, folds={"count": 2, "seed": 1})
    message = refusal(config, "short", "long")
    assert message.startswith("members: expected some of none; received 'short', which cannot be used:")
    assert "it has other records in each fold" in message


def test_a_model_that_has_seen_its_fold_is_refused(place: Path) -> None:
    """No run makes such a member; a record that says so is enough."""
    store = Store.current()
    model = models_of("short")[0].name
    record = next(each for each in store.records() if Artifact.model_validate(each["result"]).name == model)
    replace_record(store, record, inputs=record["inputs"] | {"fold": 1})
    message = refusal(settings(place), "short", "long")
    assert re.search(
        r"short \(\w+\), fold 0: expected a model that has not seen this fold, received one without fold 1",
        message,
    )


def test_members_that_others_have_made_are_refused(place: Path, tmp_path: Path) -> None:
    from flows.blending import member_exchange

    member_exchange.export("toy", settings(place), "long", tmp_path / "ana.csv")
    files = {"out_of_fold": str(tmp_path / "ana.csv"), "test": str(tmp_path / "ana.csv")}
    member_exchange.add("toy", settings(place), "ana", files)
    message = refusal(settings(place), "ana", "long")
    assert re.fullmatch(
        r"members: expected members with models, received ana \(\w+\), which was added from files", message
    )


def test_members_without_their_models_are_refused_with_what_rebuilds_them(place: Path) -> None:
    shutil.rmtree(models_of("short")[1])
    message = refusal(settings(place), "short", "long")
    assert re.search(r"expected the models of all folds of short \(\w+\) in .*, some left", message)
    assert re.search(r"rebuild them with: podium run toy --from \d+-\d+-run$", message)


def replaced(name: str, fold: int, units: int) -> None:
    """Let the store have another model as that of a member's fold: one with more units."""
    import h5py

    store = Store.current()
    old = models_of(name)[fold]
    with store.new_folder() as folder:
        shutil.copytree(old, folder, dirs_exist_ok=True)
        file = folder / "model.weights.h5"
        file.chmod(0o644)
        with h5py.File(file, "a") as opened:
            del opened["layers/dense/vars/1"]
            opened["layers/dense/vars/1"] = np.zeros(units, np.float32)
        model = store.keep("model", folder)
    for record in list(store.records()):
        text = json.dumps(record).replace(old.name, model.name)
        if record["step"] == "train" and Artifact.model_validate(record["result"]).name == old.name:
            text = json.dumps(record | {"result": model.model_dump()})
        replace_record(store, record, **json.loads(text))


def test_models_of_other_architectures_are_refused_with_the_first_difference(place: Path) -> None:
    replaced("short", 1, units=3)
    message = refusal(settings(place), "short", "long")
    assert re.fullmatch(
        r"members: short \(\w+\) is not like long \(\w+\): fold 1, weight layers/dense/vars/1: "
        r"expected float32 \(2,\), received float32 \(3,\)",
        message,
    )


def test_members_with_other_settings_of_prediction_are_refused(place: Path) -> None:
    for submission in submissions.listed(locations.submissions_folder(), "toy"):
        shutil.rmtree(submission.folder)
    store = Store.current()
    held_out = member("short").record["inputs"]["held_out"][0]["artifact"]
    for record in list(store.records()):
        if Artifact.model_validate(record["result"]).name == held_out:
            recipe = record["inputs"]["recipe"] | {"epochs": 7}
            replace_record(store, record, inputs=record["inputs"] | {"recipe": recipe})
    message = refusal(settings(place), "short", "long")
    assert re.fullmatch(
        r"members: short \(\w+\) is not like long \(\w+\): epochs: expected 30, received 7", message
    )


def test_without_submissions_the_settings_are_those_of_the_preset_that_fits(place: Path) -> None:
    for submission in submissions.listed(locations.submissions_folder(), "toy"):
        shutil.rmtree(submission.folder)
    assert ingredients(settings(place), "short", "long").recipe.name == "soup"
    for record in list(Store.current().records()):
        if record["step"] == "predict":
            recipe = record["inputs"]["recipe"] | {"epochs": 7}
            inputs = record["inputs"] | {"recipe": recipe}
            replace_record(Store.current(), record, inputs=inputs)
    assert "expected members whose settings are known" in refusal(settings(place), "short", "long")


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["long"], "members: expected at least 2, or one of several seeds, received long"),
        (["long", "long"], "members: expected at least 2, or one of several seeds, received long"),
        (["long", "logn"], r"members: expected some of .*long \(\w+\).*received 'logn'"),
    ],
)
def test_names_that_fit_no_two_members_are_refused(place: Path, names: list[str], text: str) -> None:
    assert re.match(text, refusal(settings(place), *names))


def test_the_best_of_all_members_can_be_named_by_their_number(place: Path) -> None:
    assert "long" in (found := ingredients(settings(place), "best:2").members)
    assert len(found) == 2
