"""Members that `blend.members` names join the blend of a run; what does not fit ends it before trainings."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.context import recorded_by
from tasks.core.errors import InvalidSettings, InvalidSubmission
from tasks.core.settings.overrides import parse
from tasks.core.submissions import submissions
from tasks.core.submissions.cache_eviction import artifacts_behind
from tests.conftest import PLACES
from tests.flows.sequential import Run, SequentialRunner, walk

RECIPE = {"name": "weak", "learning_rate": 0.001, "epochs": 1}
TIME = "2026-01-0{}T00:00:00+00:00"


class Place(NamedTuple):
    """A store with the trainings of a run, its raw files, and members that others have made."""

    folder: Path

    @property
    def points(self) -> Path:
        return self.folder / "points"

    def config(self, *members: str, **settings: Any) -> Any:
        from tasks.toy.config import Config

        blend = {"rounds": 10, "bags": 1, "members": members}
        whole = {"data": {"root": str(self.points)}, "recipes": [RECIPE], "blend": blend, **settings}
        return Config.model_validate(whole)

    def run(self, *members: str, run: str = "a run", **settings: Any) -> Run:
        from tests.toy.flow import toy as flow

        return walk(flow, self.folder, self.config(*members, **settings), run=run)

    def provenance(self, run: Run) -> dict[str, Any]:
        return submissions.read(Path(run.result["submission"]).parent).provenance


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A run of one weak recipe, and `ana`, which another program has made for its records and folds."""
    from tests.toy import plugging, raw_files

    place = Place(tmp_path_factory.mktemp("made"))
    with pytest.MonkeyPatch.context() as patch:
        plugging.plug(place.folder / "code", patch)
        for variable in PLACES:
            patch.setenv(variable, str(place.folder / variable.lower()))
        raw_files.write(place.points, 60)
        place.run()
        add(place, "ana", error=0.1)
        yield place


@pytest.fixture
def place(made: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in ("points", *map(str.lower, PLACES[:2])):
        shutil.copytree(made.folder / name, tmp_path / name)
    for variable in PLACES:
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    return Place(tmp_path)


def add(place: Place, name: str, *, error: float, day: int = 1, **settings: Any) -> Artifact:
    """A member from a file with scores near the truth; `day` dates its record."""
    from flows.blending import member_exchange

    random, files = np.random.default_rng(len(name)), {}
    for part, source in (("out_of_fold", "train"), ("test", "test")):
        points = json.loads((place.points / f"{source}.json").read_text())
        right = [abs(float(point["at"] > 0) - error * random.random()) for point in points.values()]
        rows = [f"{id},{1 - each!r},{each!r}" for id, each in zip(points, right, strict=True)]
        file = place.folder / f"{name}-{part}.csv"
        file.write_text("\n".join(["id,left,right", *rows]) + "\n")
        files[part] = str(file)
    artifact = member_exchange.add("toy", place.config(**settings), name, files).artifact
    record = next(each for each in Store.current().records() if each["result"] == artifact.model_dump())
    Store.current().write_record(record["key"], {**record, "finished": TIME.format(day)})
    return artifact


def refusal(place: Place, *members: str, **settings: Any) -> str:
    """The message that ends a run, which has trained nothing by then."""
    from tests.toy.flow import toy as flow

    runner = SequentialRunner()
    with pytest.raises(InvalidSettings) as caught, recorded_by(runner):
        flow.fn(place.config(*members, **settings))
    assert {label.split()[0] for label in runner.states} == {"load", "common", "split"}
    return str(caught.value)


def test_a_member_joins_the_blend_and_no_training_runs_again(place: Place) -> None:
    run = place.run("ana")
    assert not {label.split()[0] for label in run.runner.ran()} & {"train", "predict", "gather", "average"}
    found = place.provenance(run)
    assert found["members"]["ana"]["weight"] > 0.5
    assert found["members"].keys() == {"ana", "weak"}
    assert found["score"]["value"] >= found["members"]["weak"]["score"]["value"]


def test_provenance_names_its_artifact_its_files_and_a_command_that_pins_it(
    place: Place,
) -> None:
    run = place.run("ana")
    found, folder = place.provenance(run), Path(run.result["submission"]).parent
    ana = Artifact.model_validate(found["ensemble"]["members"]["ana"]["member"])
    assert json.loads((ana.path / "member.json").read_text())["foreign"]["name"] == "ana"
    assert found["members"]["ana"]["files"].keys() == {"out_of_fold", "test"}
    assert [step["label"] for step in found["steps"]].count("member ana") == 1
    assert found["config"]["blend"]["members"] == ["ana"]
    assert found["command"] == (
        f"podium run toy --from {folder.name} --set 'blend.members=[\"{ana.digest[:8]}\"]'"
    )
    assert ana.name in artifacts_behind([submissions.read(folder)])


def test_the_command_in_the_provenance_blends_the_same_after_a_newer_member_was_added(
    place: Place,
) -> None:
    first = place.run("ana")
    option = place.provenance(first)["command"].partition("--set '")[2].rstrip("'")
    add(place, "ana", error=0.9, day=2)
    again = place.run(*parse(option).value, run="again")
    newer = place.run("ana", run="newer")
    weights = [place.provenance(each)["members"]["ana"] for each in (first, again, newer)]
    assert weights[0] == weights[1] != weights[2]
    assert Path(again.result["submission"]).read_bytes() == Path(first.result["submission"]).read_bytes()


def test_other_scores_of_a_member_blend_anew(place: Place) -> None:
    place.run("ana")
    assert "blend toy" not in place.run("ana", run="again").runner.ran()
    add(place, "ana", error=0.3, day=2)
    assert "blend toy" in place.run("ana", run="newer").runner.ran()


def test_names_alone_are_in_no_key(place: Place) -> None:
    assert place.run("ana").runner.states["train weak fold 0"] == "cached"
    digest = Artifact.model_validate(
        place.provenance(place.run("ana"))["ensemble"]["members"]["ana"]["member"]
    ).digest
    assert "blend toy" not in place.run(digest[:12], run="by digest").runner.ran()


def test_a_member_of_an_earlier_run_joins_and_its_models_predict_other_test_files(place: Place) -> None:
    from flows.prediction.flow import prediction

    other = {"name": "strong", "learning_rate": 0.5, "epochs": 30}
    run = place.run("weak", recipes=[other])
    members = place.provenance(run)["ensemble"]["members"]
    assert {name: len(each["models"]) for name, each in members.items()} == {"strong": 2, "weak": 2}
    assert members["weak"]["recipe"].items() >= RECIPE.items()
    (place.points / "test.json").write_text(json.dumps({"n1": {"at": 0.9}, "n2": {"at": -0.9}}))
    source = str(Path(run.result["submission"]).parent)
    predicted = walk(prediction, place.folder, "toy", source, [f"data.root={place.points}"], run="p")
    assert Path(predicted.result["submission"]).read_text() == "n1 right\nn2 left\n"


def test_other_test_files_are_refused_by_prediction_and_by_a_run(place: Place) -> None:
    from flows.prediction.flow import prediction

    source = str(Path(place.run("ana").result["submission"]).parent)
    (place.points / "test.json").write_text(json.dumps({"n1": {"at": 0.9}}))
    with pytest.raises(InvalidSubmission, match=r"ana has none; .* others have made the member"):
        walk(prediction, place.folder, "toy", source, [f"data.root={place.points}"], run="p")
    assert "ana (" in (message := refusal(place, "ana"))
    assert "its files have no scores of these test records; add it again with them" in message
    message = refusal(place, "weak", recipes=[{"name": "strong"}])
    assert "it has no scores of these test records; put its recipe into the settings" in message


@pytest.mark.parametrize(
    ("members", "settings", "expected"),
    [
        (["bob"], {}, r"blend.members: expected some of .*ana \(\w{8}\).*; received 'bob'"),
        (["weak"], {}, r"expected names that no recipe of the run has, received 'weak'; .*, name it \w{8}"),
        (
            ["ana"],
            {"folds": {"count": 3}},
            "'ana', which cannot be used:\n  ana .*: it has 2 folds",
        ),
    ],
)
def test_a_member_that_does_not_fit_is_refused(
    place: Place, members: list[str], settings: dict[str, Any], expected: str
) -> None:
    assert re.search(expected, refusal(place, *members, **settings))


def test_a_name_that_fits_several_members_is_refused_and_digests_tell_them_apart(place: Place) -> None:
    place.run(recipes=[{**RECIPE, "learning_rate": 0.3}])
    recipes = [{"name": "third"}]
    message = refusal(place, "weak", recipes=recipes)
    expected = "expected one member a name, or the beginning of its digest"
    assert message.startswith(f"blend.members: {expected}, 'weak' fits\n  weak (")
    digests = [line.strip()[6:14] for line in message.splitlines()[1:]]
    run = place.run(*digests, run="both", recipes=recipes)
    assert place.provenance(run)["members"].keys() == {"third", *(f"weak-{each}" for each in digests)}


def test_an_earlier_variant_of_a_recipe_joins_by_its_digest_under_another_name(place: Place) -> None:
    digest = place.provenance(place.run())["ensemble"]["members"]["weak"]["member"]["digest"][:8]
    run = place.run(digest, run="both", recipes=[{**RECIPE, "learning_rate": 0.3}])
    assert place.provenance(run)["members"].keys() == {"weak", f"weak-{digest}"}


def test_all_problems_are_one_message(place: Place) -> None:
    message = refusal(place, "bob", "weak", "carol")
    assert [each for each in ("'bob'", "'weak'", "'carol'") if each in message] == [
        "'bob'",
        "'weak'",
        "'carol'",
    ]
    assert message.count("blend.members:") == 3


def test_a_plan_lists_them_and_refuses_what_a_run_would(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.budget.plan import plan
    from tests.toy import raw_files
    from tests.toy.flow import toy as flow

    monkeypatch.setattr("flows.budget.plan.find_flow", lambda name: flow)
    rows = {step.label: (step.state, step.reason) for step in plan("toy", place.config("ana"))}
    (label,) = [each for each in rows if each.startswith("member ana (")]
    assert rows[label] == ("cached", "")
    assert rows["blend toy"][0] == "run"
    with pytest.raises(InvalidSettings, match="received 'bob'"):
        plan("toy", place.config("bob"))
    shutil.rmtree(place.points)
    raw_files.write(place.points, 61)
    rows = {step.label: (step.state, step.reason) for step in plan("toy", place.config("bob"))}
    assert rows["member bob"] == ("maybe", "its records are compared when those of the run are known")
