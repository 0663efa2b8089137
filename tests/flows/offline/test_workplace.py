"""Members of a bundle, and where its test files are found."""

import os
import threading
import time
from math import inf
from pathlib import Path
from typing import Any

import pytest

from flows.offline import workplace
from flows.offline.command import _file_at, _with_path_of_user, raw_folder, run
from flows.offline.manifest import Manifest, MemberEntry
from flows.offline.time_limit import Deadline
from flows.offline.workplace import Workplace
from tasks.core.errors import InvalidData
from tasks.core.execution import cancellation, child_process


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


def test_a_relative_input_is_that_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/test1_data_postag.json").touch()
    monkeypatch.chdir(tmp_path)
    found = raw_folder(Path("in"), manifest("extraction", {}), tmp_path / "links")
    assert found == tmp_path / "in"
    text = _with_path_of_user(f"{found}/test1_data_postag.json:3: broken", found, Path("in"))
    assert text == "in/test1_data_postag.json:3: broken"


@pytest.mark.parametrize(
    ("competition", "folder", "message"),
    [
        (
            "extraction",
            None,
            "expected a folder with test1_data_postag.json, or test1_data_postag.json itself, rec",
        ),
        ("dogs", None, "expected a folder with test, or test itself, received nothing of this name"),
        ("extraction", "in", "test1_data_postag.json itself, received a folder without it"),
    ],
)
def test_an_input_without_test_files_is_refused(
    competition: str, folder: str | None, message: str, tmp_path: Path
) -> None:
    if folder:
        (tmp_path / folder).mkdir()
    with pytest.raises(InvalidData) as refused:
        raw_folder(tmp_path / "in", manifest(competition, {}), tmp_path / "links")
    assert message in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path}/in: ")


def refused(source: Path, target: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """What a bundle says that refuses this INPUT or OUTPUT before it starts a child."""
    described = manifest("extraction", {})
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text(described.model_dump_json())
    code = run(tmp_path / "bundle", source, target, folder=tmp_path, deadline=None, written=[])
    assert code == 2
    return capfd.readouterr().err


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("none/answers", "expected a file in a folder that can be written to"),
        ("file/answers", "expected a file in a folder that can be written to"),
        ("pipe", "expected a file or a folder, received something else"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_first(
    target: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ})
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    assert message in refused(tmp_path, tmp_path / target, tmp_path, capfd)


def test_it_says_that_the_name_does_not_fit_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ})
    said = refused(tmp_path / "missing", tmp_path / "a.json", tmp_path, capfd)
    assert "a.json: what is written is a text file like answers, despite this name" in said


def test_a_target_that_is_a_link_is_written_where_it_points(tmp_path: Path) -> None:
    (tmp_path / "real").touch()
    (tmp_path / "link").symlink_to("real")
    assert _file_at(tmp_path / "link", manifest("dogs", {})) == tmp_path / "real"
    assert _file_at(tmp_path, manifest("dogs", {})) == tmp_path / "answers"


def test_messages_name_what_the_user_named(tmp_path: Path) -> None:
    (tmp_path / "final.json").touch()
    root = raw_folder(tmp_path / "final.json", manifest("extraction", {}), tmp_path / "links")
    text = _with_path_of_user(f"{root}/test1_data_postag.json:3: broken", root, Path("final.json"))
    assert text == "final.json:3: broken"


def test_children_end_and_no_more_start_when_the_workplace_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, started = threading.Event(), []

    def work(function: str, job: dict[str, Any], *, label: str, **_: object) -> None:
        started.append(label)
        with cancellation.running_child(label, killed.set):
            assert killed.wait(30)
        cancellation.raise_if_cancelled(label)

    monkeypatch.setattr(child_process, "run", work)
    monkeypatch.setattr(workplace, "_environments", lambda: [{}])
    described = manifest("extraction", {"first": {"name": "a"}})
    with Workplace(tmp_path, described, tmp_path, Deadline(inf)) as place:
        place._labels |= {"a", "b"}
        first, second = (place._pool.submit(place._run, "encode", {}, label=each) for each in "ab")
        while not started:
            time.sleep(0.01)
    assert isinstance(first.exception(), cancellation.LeftOut)
    assert second.cancelled()
    assert started == ["a"]
