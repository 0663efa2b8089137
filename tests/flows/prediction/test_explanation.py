"""Which member and which records `podium explain` takes, and what it says where it cannot."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from flows.prediction import explanation
from flows.prediction.explanation import ExplainedMember
from tasks.core import locations
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import Scores
from tasks.core.errors import InvalidSettings
from tasks.core.submissions.submissions import Submission
from tasks.dogs.config import Config
from tasks.explain import explained_records
from tasks.learning.ensemble import prediction_files
from tests.dogs import jobs
from tests.learning.attribution.test_explanations import OF_PHOTOGRAPH

LABELS = np.repeat(np.arange(3), 8)


def kept(kind: str, **files: Any) -> Artifact:
    """An artifact of these JSON files."""
    with (store := Store.current()).new_folder() as folder:
        for name, value in files.items():
            write_json(folder / f"{name}.json", value)
        return store.keep(kind, folder)


@pytest.fixture
def submission() -> Submission:
    """A submission of three members: networks, networks that have left the store, and one of files."""
    store = Store.current()
    with store.new_folder() as folder:
        data = jobs.dataset(folder / "all")
        for file in data.iterdir():
            file.rename(folder / file.name)
        data.rmdir()
        dataset = store.keep("dataset", folder)
    with store.new_folder() as folder:
        values = np.eye(3, dtype=np.float32)[LABELS] * 0.5 + 0.1
        values[2] = [0.0, 1.0, 0.0]  # wrong and certain
        values[9] = [0.5, 0.4, 0.1]  # wrong
        ids = [f"r,{row}" for row in range(jobs.COUNT)]
        prediction_files.write(folder, "out_of_fold", Scores(ids, values))
        write_json(folder / "member.json", {"first_head": 1.0})
        member = store.keep("member", folder)
    ids = [f"r,{row}" for row in range(jobs.COUNT)]
    with store.new_folder() as folder:
        np.save(folder / "folds.npy", np.arange(jobs.COUNT) % 2)
        write_json(folder / "ids.json", ids)
        folds = store.keep("folds", folder)
    models = [kept("model", weights=number).model_dump() for number in range(4)]
    blend = kept("blend", blend={"members_decision": {"small": {}}})
    recipe = {**jobs.recipe("small").model_dump(mode="json"), "seeds": 2}
    gone = Artifact(kind="model", digest="0" * 64).model_dump()
    of_files = {"member": member.model_dump(), "recipe": None, "models": []}
    members = {
        "small": {"member": member.model_dump(), "recipe": recipe, "models": models},
        "away": {"member": member.model_dump(), "recipe": recipe, "models": [gone]},
        "ana": of_files,
    }
    provenance = {
        "competition": "dogs",
        "command": "podium run dogs --preset demo",
        "members": {name: {"weight": weight} for name, weight in zip(members, (0.2, 0.3, 0.5), strict=True)},
        "data": {"load test": f"dataset-{dataset.digest}", "split": f"folds-{folds.digest}"},
        "ensemble": {
            "train": dataset.model_dump(),
            "common": dataset.model_dump(),
            "blend": blend.model_dump(),
            "validation": None,
            "members": members,
        },
    }
    return Submission(locations.submissions_folder() / "dogs" / "20260101-000000-demo", provenance)


@pytest.fixture
def member(submission: Submission) -> ExplainedMember:
    return explanation.explained_member(submission, Config, None)


def test_the_member_of_the_largest_weight_that_has_its_networks_is_taken(member: ExplainedMember) -> None:
    assert member.name == "small"
    assert len(member.models) == 4
    assert member.parts.keys() == {"train", "test"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("away", "expected one of small .*away: its models left the store or are damaged"),
        ("ana", "expected one of small .*ana: others have made it"),
        ("smal", "expected one of small, away, ana, received 'smal' .did you mean small"),
    ],
)
def test_others_are_refused_with_those_that_can_be_explained(
    submission: Submission, name: str, text: str
) -> None:
    with pytest.raises(InvalidSettings, match=text):
        explanation.explained_member(submission, Config, name)


@pytest.mark.usefixtures("toy")
def test_a_competition_that_explains_nothing_is_refused_with_those_that_do(submission: Submission) -> None:
    other = submission._replace(provenance={**submission.provenance, "competition": "toy"})
    with pytest.raises(InvalidSettings, match=r"explains its answers \(dogs, extraction, nl2sql\), received"):
        explanation.explained_member(other, Config, None)


def test_without_ids_the_worst_mistakes_and_the_most_unsure_records_are_taken(
    member: ExplainedMember,
) -> None:
    with (store := Store.current()).new_folder() as folder:
        values = np.array([[0.9, 0.1, 0], [0.5, 0.45, 0.05], [0.8, 0.2, 0], [1, 0, 0], [0.6, 0.4, 0]])
        prediction_files.write(folder, "test", Scores([f"t,{row}" for row in range(5)], values))
        test = store.keep("scores", folder)
    found = explanation.chosen_ids("dogs", member, [], None, test)
    assert found == {"test": ["t,1", "t,4", "t,2", "t,0"], "oof": ["r,2", "r,9"]}
    assert explanation.chosen_ids("dogs", member, [], "oof", test) == {"oof": ["r,2", "r,9"]}


def test_ids_are_found_in_their_part(member: ExplainedMember) -> None:
    found = explanation.chosen_ids("dogs", member, ["r,3", "t,1", "r,3"], None, None)
    assert found == {"oof": ["r,3"], "test": ["t,1"]}
    with pytest.raises(InvalidSettings, match=r"expected ids of test records, such as t,0.*received 'r,3'"):
        explanation.chosen_ids("dogs", member, ["r,3"], "test", None)
    with pytest.raises(InvalidSettings, match=r"--part: expected one of test, oof.*received validation"):
        explanation.chosen_ids("dogs", member, ["r,3"], "validation", None)


def test_training_records_are_explained_by_the_models_that_have_not_seen_them(
    member: ExplainedMember,
) -> None:
    ids = {"train": ["r,4", "r,3", "r,2"], "test": ["t,0"]}
    found = explained_records(ids, member.folds, member.models)
    paths = [each.path for each in member.models]
    assert [(each.part, each.ids, list(each.models)) for each in found] == [
        ("train", ("r,4", "r,2"), paths[:2]),
        ("train", ("r,3",), paths[2:]),
        ("test", ("t,0",), paths),
    ]


def test_the_page_and_the_pictures_lie_in_the_folder(tmp_path: Path) -> None:
    file = explanation.write_page(tmp_path / "new", "dogs/demo", "small", [OF_PHOTOGRAPH])
    assert file.read_text("utf-8").count("<img") == 2
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == ["small-test-7_8-0-photograph.png", "small-test-7_8-1-10.png", "small.html"]


def test_the_command_refuses_in_one_message(submission: Submission) -> None:
    from flows.__main__ import app

    submission.folder.mkdir(parents=True)
    config = {"config": {"data": {"root": "nowhere"}}, "file": "submission.txt"}
    provenance = {**submission.provenance, **config}
    (submission.folder / "provenance.json").write_text(json.dumps(provenance))
    done = CliRunner().invoke(app, ["explain", "demo", "r,99", "--part", "oof"])
    assert done.exit_code == 2
    assert "expected ids of oof records, such as r,0" in done.stderr
