"""Other test files, answered by the models of an earlier submission; nothing is trained."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.errors import InvalidData, InvalidSubmission
from tasks.core.submissions import submissions
from tasks.core.submissions.cache_eviction import artifacts_behind
from tests.conftest import PLACES
from tests.flows.sequential import Run, walk

RECIPES = [{"name": "slow", "learning_rate": 0.02, "epochs": 3}, {"name": "fast", "learning_rate": 0.5}]
POINTS = {f"n{index:02}": {"at": (index - 19.5) / 20} for index in range(40)}
"""Other points to answer."""


class Place(NamedTuple):
    """A submission, with the store that it was made in and its raw files."""

    folder: Path

    @property
    def points(self) -> Path:
        return self.folder / "points"

    @property
    def submission(self) -> submissions.Submission:
        """The earliest one."""
        return submissions.listed(self.folder / "podium_submissions")[-1]

    def answer(self, points: dict[str, Any]) -> None:
        """Replace the test file, and delete the training file."""
        (self.points / "test.json").write_text(json.dumps(points))
        (self.points / "train.json").unlink(missing_ok=True)

    def predict(self, source: str = "", *, run: str = "prediction") -> Run:
        from flows.prediction.flow import prediction

        overrides = [f"data.root={self.points}"]
        return walk(
            prediction, self.folder, "toy", source or self.submission.name, overrides, "final", run=run
        )

    def copy(self, folder: Path) -> "Place":
        """The same at another place: a store can be moved."""
        for name in ("points", *map(str.lower, PLACES[:2])):
            shutil.copytree(self.folder / name, folder / name)
        return Place(folder)


def settings(place: Place) -> Any:
    from tasks.toy.config import Config

    return Config.model_validate({"data": {"root": str(place.points)}, "recipes": RECIPES})


def run_toy(place: Place) -> Run:
    from tests.toy.flow import toy as flow

    return walk(flow, place.folder, settings(place), run="training")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A run's submission."""
    from tests.toy import plugging, raw_files

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        plugging.plug(folder / "code", patch)
        raw_files.write(folder / "points", 202)
        place = Place(folder)
        run_toy(place)
        yield place


@pytest.fixture
def place(trained: Place, tmp_path: Path) -> Place:
    """A copy of it for one test."""
    return trained.copy(tmp_path)


def provenance(run: Run) -> dict[str, Any]:
    return submissions.read(Path(run.result["submission"]).parent).provenance


def answers(run: Run) -> dict[str, str]:
    lines = Path(run.result["submission"]).read_text().splitlines()
    return dict(line.split(" ") for line in lines)


def test_the_models_answer_and_nothing_is_trained(place: Place) -> None:
    place.answer(POINTS)
    run = place.predict()
    members = [name for name, each in place.submission.provenance["members"].items() if each["weight"]]
    names = ("predict {} test, fold 0", "predict {} test, fold 1", "average {} test")
    own = [name.format(member) for member in members for name in names]
    shared = ["load toy test", "combine toy test", "decode toy", "submit toy", "compare toy", "report toy"]
    # the points are encoded once for all members
    assert {*run.runner.ran()} == {*shared, *own, f"encode {members[0]} test identity"}
    assert answers(run).keys() == POINTS.keys()
    wrong = [id for id, side in answers(run).items() if side != ("right" if POINTS[id]["at"] > 0 else "left")]
    assert len(wrong) <= 4


def test_it_answers_as_a_run_on_the_same_files_does(place: Place, tmp_path: Path) -> None:
    other = place.copy(tmp_path / "other")
    (other.points / "test.json").write_text(json.dumps(POINTS))
    place.answer(POINTS)
    rerun = run_toy(other)
    assert not {label.split()[0] for label in rerun.runner.ran()} & {"train", "gather", "blend"}
    predicted = Path(place.predict().result["submission"])
    assert predicted.read_bytes() == Path(rerun.result["submission"]).read_bytes()
    assert predicted.parent != place.submission.folder


def test_the_provenance_names_data_command_models_and_score(place: Place) -> None:
    place.answer(POINTS)
    run = place.predict()
    earlier, found = place.submission.provenance, provenance(run)
    assert found["score"] == earlier["score"] == run.result["score"]
    assert found["members"] == earlier["members"]
    assert found["command"] == (
        f"podium predict toy --from {place.submission.folder.name} --set data.root={place.points}"
    )
    assert found["config"] == earlier["config"] | {"data": {"root": str(place.points)}}
    changed = {name for name in earlier["data"] if found["data"].get(name) != earlier["data"][name]}
    assert (found["data"].keys(), changed) == (earlier["data"].keys(), {"load test"})
    weighted = {
        name: each
        for name, each in earlier["ensemble"]["members"].items()
        if found["members"][name]["weight"]
    }
    assert found["ensemble"] == earlier["ensemble"] | {"members": weighted}
    assert len(found["ensemble"]["members"]["fast"]["models"]) == 2
    assert found["run"] == "final"
    assert Path(run.result["submission"]).parent.name.endswith("-final")


def test_what_it_rests_on_is_kept_when_the_store_is_cleaned(place: Place) -> None:
    place.answer(POINTS)
    run = place.predict()
    needed = artifacts_behind([submissions.read(Path(run.result["submission"]).parent)])
    ensemble = provenance(run)["ensemble"]
    trained = [ensemble["blend"], ensemble["common"], ensemble["train"]]
    for each in ensemble["members"].values():
        trained += [each["member"], *each["models"]]
    assert {Artifact.model_validate(each).name for each in trained} <= needed


def test_the_report_shows_where_the_models_come_from_and_how_the_records_differ(place: Place) -> None:
    place.answer(POINTS)
    run = place.predict()
    assert run.published[0] == "Models"
    assert run.published[-2:] == ["Time", "Settings"]
    assert len(run.published) == 4
    report = Path(run.result["report"])
    assert report.parent == Path(run.result["submission"]).parent
    assert place.submission.name in report.read_text("utf-8")


def test_training_records_may_have_left_the_store(place: Place) -> None:
    place.answer(POINTS)
    Store.current().remove(Artifact.model_validate(place.submission.provenance["ensemble"]["train"]))
    run = place.predict()
    assert "compare toy" not in run.runner.states
    assert run.published == ["Models", "Time", "Settings"]
    assert answers(run).keys() == POINTS.keys()


def test_the_same_files_again_are_the_same_submission(place: Place) -> None:
    place.answer(POINTS)
    first, again = place.predict(), place.predict(run="another")
    assert first.result == again.result
    assert again.runner.ran() == ["submit toy", "report toy"]
    assert again.published == ["Unchanged"]


def test_a_prediction_can_be_predicted_from(place: Place) -> None:
    place.answer(POINTS)
    first = Path(place.predict().result["submission"])
    place.answer({f"m{id}": point for id, point in POINTS.items()})
    again = place.predict(str(first.parent), run="another")
    assert list(answers(again).values()) == [line.split(" ")[1] for line in first.read_text().splitlines()]


# Refusals


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(place: Place, error: type[Exception] = InvalidSubmission) -> str:
    """The message, after which all submissions are as before."""
    folder = place.folder / "podium_submissions"
    before = contents(folder)
    with pytest.raises(error) as caught:
        place.predict()
    assert contents(folder) == before
    return str(caught.value)


def changed(place: Place, **parts: Any) -> None:
    """Change parts of the submission's provenance; None removes one."""
    whole = place.submission.provenance | parts
    kept = {name: part for name, part in whole.items() if part is not None}
    write_json(place.submission.folder / submissions.PROVENANCE, kept)


def changed_member(place: Place, **parts: Any) -> None:
    ensemble = place.submission.provenance["ensemble"]
    ensemble["members"]["fast"] |= parts
    changed(place, ensemble=ensemble)


def test_a_broken_test_file_is_one_message_with_all_problems(place: Place) -> None:
    place.answer(POINTS | {"a": {"at": "here"}, "b": {}})
    message = refusal(place, InvalidData)
    assert message == (
        "test.json: expected a number for a, received 'here'\n"
        "test.json: expected a number for b, received None"
    )


def test_a_missing_test_file_is_refused(place: Place) -> None:
    (place.points / "test.json").unlink()
    assert "test.json: expected points, received nothing of this name" in refusal(place, InvalidData)


def test_a_submission_that_names_no_models_is_refused_with_its_command(place: Place) -> None:
    changed(place, ensemble=None)
    message = refusal(place)
    assert "expected a submission that names its models" in message
    assert f"rebuild it with: podium run toy --from {place.submission.folder.name}" in message


@pytest.mark.parametrize("part", ["blend", "common", "member", "model"])
def test_an_ensemble_of_which_a_part_left_the_store_is_refused_by_its_name(place: Place, part: str) -> None:
    place.answer(POINTS)
    ensemble = place.submission.provenance["ensemble"]
    fast = ensemble["members"]["fast"]
    parts = {"member": fast["member"], "model": fast["models"][1]} | ensemble
    gone = Artifact.model_validate(parts[part])
    Store.current().remove(gone)
    message = refusal(place)
    assert place.submission.name in message
    assert gone.name in message
    assert "rebuild it with: podium run toy --from" in message


def test_a_member_without_models_is_refused(place: Place) -> None:
    changed_member(place, models=[])
    assert "expected models of each member with a weight, fast has none" in refusal(place)


def test_a_member_whose_settings_are_not_known_is_refused(place: Place) -> None:
    changed_member(place, recipe=None)
    assert "those of fast are not known" in refusal(place)


def test_a_member_with_settings_of_another_version_is_refused(place: Place) -> None:
    changed_member(place, recipe={"name": "fast", "warp": 9})
    assert "expected settings of this version, those of member fast are of another" in refusal(place)


def test_an_unknown_submission_is_refused(place: Place) -> None:
    with pytest.raises(InvalidSubmission, match=r"expected one of the 1 in .*, received 'nowhere'"):
        place.predict("nowhere")
