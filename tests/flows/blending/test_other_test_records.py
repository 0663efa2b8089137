"""Members of earlier runs, blended for other test records: their models predict these first."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.core import locations
from tasks.core.cache.store import Artifact, Store
from tasks.core.errors import InvalidSettings
from tasks.core.submissions import submissions
from tests.conftest import PLACES
from tests.flows.blending.test_flow import blended, refused, selection, submission_of
from tests.flows.sequential import Run, walk

RECIPES = [
    {"name": name, "learning_rate": rate, "epochs": 3}
    for name, rate in (("slow", 0.02), ("middling", 0.1), ("fast", 0.5))
]
POINTS = {f"n{index:02}": {"at": (index - 19.5) / 20} for index in range(40)}
"""Other points to answer."""
GONE = "it has no scores of these test records, and its models are gone, or no submission has its settings"


def run_toy(folder: Path, recipes: list[dict[str, Any]], *, run: str) -> Run:
    from tests.toy.flow import toy as flow

    return walk(flow, folder, settings(folder, recipes), run=run)


def settings(folder: Path, recipes: list[dict[str, Any]] = RECIPES) -> Any:
    from tasks.toy.config import Config

    return Config.model_validate({"data": {"root": str(folder / "points")}, "recipes": recipes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of two runs, the first of which has two recipes and the second the third."""
    from tests.toy import plugging, raw_files

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        plugging.plug(folder / "code", patch)
        raw_files.write(folder / "points", 202)
        run_toy(folder, RECIPES[:2], run="first")
        run_toy(folder, RECIPES[2:], run="second")
        yield folder


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    """A copy for one test, with other test records."""
    for name in ("points", *map(str.lower, PLACES[:2])):
        shutil.copytree(trained / name, tmp_path / name)
    (tmp_path / "points" / "test.json").write_text(json.dumps(POINTS))
    return tmp_path


def submission_with(member: str) -> submissions.Submission:
    listed = submissions.listed(locations.submissions_folder(), "toy")
    return next(each for each in listed if member in each.provenance["members"])


def test_models_predict_records_of_which_a_member_has_no_scores(place: Path) -> None:
    run = blended(settings(place), "all", place)
    names = ("predict {} test, fold 0", "predict {} test, fold 1", "average {} test")
    predicted = {name.format(each["name"]) for each in RECIPES for name in names}
    ran = {label for label in run.runner.ran() if not label.startswith("encode")}
    shared = {f"{name} toy" for name in ("blend", "decode", "compare", "submit", "report")}
    assert ran == {*predicted, *shared, "combine toy test"}  # choosing has loaded the test records
    ids = [line.split(" ")[0] for line in Path(run.result["submission"]).read_text().splitlines()]
    assert ids == list(POINTS)


def test_the_blend_answers_as_a_run_with_all_recipes_does(place: Path) -> None:
    blend = Path(blended(settings(place), "all", place).result["submission"])
    run = run_toy(place, RECIPES, run="all at once")
    assert not {label.split()[0] for label in run.runner.ran()} & {"train", "gather"}
    assert blend.read_bytes() == Path(run.result["submission"]).read_bytes()


def test_scores_of_the_same_records_are_not_predicted_again(place: Path) -> None:
    run_toy(place, RECIPES[:2], run="the new records")
    run = blended(settings(place), "all", place)
    assert [label for label in run.runner.ran() if label.startswith("average")] == ["average fast test"]


def test_the_blend_can_predict_further_records(place: Path) -> None:
    from flows.prediction.flow import prediction

    run = blended(settings(place), "all", place)
    described = submission_of(run).provenance["ensemble"]["members"]
    assert {name: each["recipe"] for name, each in described.items()} == {
        each["name"]: {**each, "seeds": 1} for each in RECIPES
    }
    assert all(len(each["models"]) == 2 for each in described.values())
    (place / "points" / "test.json").write_text(json.dumps({f"m{id}": each for id, each in POINTS.items()}))
    source, overrides = str(submission_of(run).folder), [f"data.root={place / 'points'}"]
    further = walk(prediction, place, "toy", source, overrides, "further", run="further")
    answers = [
        [line.split(" ")[1] for line in Path(each.result["submission"]).read_text().splitlines()]
        for each in (run, further)
    ]
    assert answers[0] == answers[1]


def test_a_member_whose_settings_no_submission_names_is_left_out(place: Path) -> None:
    shutil.rmtree(submission_with("fast").folder)
    assert refused(settings(place)) == {"fast": GONE}
    with pytest.raises(
        InvalidSettings,
        match=r"'fast', which cannot be used:\n.*models are gone, or no submission has its settings",
    ):
        selection(settings(place), "slow,fast")


@pytest.mark.parametrize("fold", [0, 1])
def test_a_member_of_which_the_model_of_a_fold_left_the_store_is_left_out(place: Path, fold: int) -> None:
    ensemble = submission_with("middling").provenance["ensemble"]
    Store.current().remove(Artifact.model_validate(ensemble["members"]["middling"]["models"][fold]))
    assert refused(settings(place)) == {"middling": GONE}


def test_with_scores_a_member_is_used_without_all_models_but_predicts_nothing_further(place: Path) -> None:
    """The models that are left alone would predict other scores."""
    run_toy(place, RECIPES, run="the new records")
    ensemble = submission_with("middling").provenance["ensemble"]
    Store.current().remove(Artifact.model_validate(ensemble["members"]["middling"]["models"][0]))
    provenance = submission_of(blended(settings(place), "all", place)).provenance
    counts = {name: len(each["models"]) for name, each in provenance["ensemble"]["members"].items()}
    assert counts == {"slow": 2, "middling": 0, "fast": 2}


def test_a_member_with_settings_of_another_version_is_left_out(place: Path) -> None:
    submission = submission_with("fast")
    file = submission.folder / submissions.PROVENANCE
    file.write_text(file.read_text("utf-8").replace('"learning_rate"', '"speed"'), "utf-8")
    assert refused(settings(place)) == {"fast": GONE}
