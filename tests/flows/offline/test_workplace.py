"""Members of a bundle, and where its test files are found."""

from math import inf
from pathlib import Path
from typing import Any

import pytest

from flows.offline.command import raw_folder
from flows.offline.manifest import Manifest, MemberEntry
from flows.offline.time_limit import Deadline
from flows.offline.workplace import Workplace


def manifest(competition: str, recipes: dict[str, dict[str, Any]]) -> Manifest:
    members = tuple(
        MemberEntry(name=name, weight=0.5, recipe=recipe, models=(f"members/{name}/0",))
        for name, recipe in recipes.items()
    )
    return Manifest(
        format=1,
        competition=competition,
        submission="a/b",
        created="",
        file="answers",
        score={},
        seed=0,
        data={},
        members=members,
        precision="float32",
        rounding=None,
        python="",
        machine="",
        backend="tensorflow",
        requirements={},
        code={},
        git={},
        files={},
    )


def test_members_of_different_runs_may_have_recipes_of_one_name(tmp_path: Path) -> None:
    weights = {"name": "a", "trunk": {"backbones": [{"weights": "$BUNDLE/files/net.h5"}]}}
    described = manifest("dogs", {"first": weights, "second": {**weights, "views": 3}})
    workplace = Workplace(tmp_path, described, tmp_path, Deadline(inf))
    assert workplace.models_of("second") == [tmp_path / "members/second/0"]
    assert not workplace.agree("first")
    assert workplace._recipes["first"].trunk.backbones[0].weights == f"{tmp_path}/files/net.h5"


@pytest.mark.parametrize(
    ("competition", "files", "source", "link"),
    [
        ("dogs", ["in/test/a.jpg", "in/data_train_image.txt"], "in", None),
        ("dogs", ["photos/a.jpg"], "photos", "test"),
        ("extraction", ["in/test1_data_postag.json"], "in", None),
        ("extraction", ["final.json"], "final.json", "test1_data_postag.json"),
        ("nl2sql", ["in/test.json", "in/test.tables.json"], "in", None),
        ("nl2sql", ["final/questions.json"], "final", "test"),
    ],
)
def test_input_is_the_raw_folder_or_what_lies_in_it(
    competition: str, files: list[str], source: str, link: str | None, tmp_path: Path
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / file).touch()
    found = raw_folder(tmp_path / source, manifest(competition, {}), tmp_path / "links")
    if link is None:
        assert found == tmp_path / source
    else:
        assert found == tmp_path / "links"
        assert (found / link).resolve() == tmp_path / source
        assert [path.name for path in found.iterdir()] == [link]


def test_what_does_not_exist_is_left_to_the_reader(tmp_path: Path) -> None:
    assert raw_folder(tmp_path / "none", manifest("dogs", {}), tmp_path / "links") == tmp_path / "none"
