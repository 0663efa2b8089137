"""`podium new`, and how the competition that it writes is found, listed and refused."""

import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.commands.creation import create, templates
from flows.runtime.registry import find_flow
from tasks.core import locations
from tasks.core.competition import competition_names, find
from tasks.core.errors import InvalidSettings
from tasks.core.settings.resolve import presets, resolve
from tests.own_competitions.conftest import Create, forget

LIKE = sorted(templates())


def podium(*words: str) -> str:
    """What a command prints, without colours; it must end well."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("like", LIKE)
def test_each_template_is_found_under_its_new_name_alone(made: Create, like: str) -> None:
    folder = made("roses", like)
    texts = {file: file.read_text("utf-8") for file in folder.rglob("*") if file.is_file()}
    assert not [file for file, text in texts.items() if "my_" in text or "my_" in file.name]
    assert "roses" in competition_names()
    assert find("roses").name == "roses"
    assert [preset.name for preset in presets("roses")] == ["demo", "quick"]
    assert resolve("roses", preset="demo").data.root == ".podium/demo/roses"  # type: ignore[attr-defined]
    assert find_flow("roses").name == "roses"


@pytest.mark.parametrize("like", LIKE)
def test_the_tests_of_a_template_pass(made: Create, like: str, tmp_path: Path) -> None:
    folder = made("tulips", like)
    tests = runpy.run_path(str(folder / "tests" / "test_tulips.py"))
    competition = find("tulips")
    dataset = tests["dataset"].__wrapped__(competition, tmp_path)
    tests["test_every_record_has_an_id_of_its_own"](competition, dataset)
    tests["test_perfect_scores_are_better_than_wrong_ones"](competition, dataset)
    tests["test_a_written_submission_passes_its_own_check"](competition, dataset, tmp_path)


@pytest.mark.parametrize("name", ["", "Roses", "2roses", "my-roses", "class", "_x", "a/b", "ﬁsh", "a" * 65])
def test_a_name_that_no_module_can_have_is_refused(parent: Path, name: str) -> None:
    with pytest.raises(InvalidSettings, match="name: expected at most 64 small letters"):
        create(name, "table", parent)
    assert list(parent.iterdir()) == []


@pytest.mark.parametrize("name", ["dogs", "train", "core", "learning", "finish", "workflow"])
def test_a_name_that_is_taken_is_refused(parent: Path, name: str) -> None:
    with pytest.raises(InvalidSettings, match="choose another"):
        create(name, "table", parent)


def test_a_folder_that_exists_is_left_as_it_is(parent: Path) -> None:
    (parent / "roses").mkdir()
    with pytest.raises(InvalidSettings, match="expected nothing of this name"):
        create("roses", "table", parent)
    assert list((parent / "roses").iterdir()) == []


@pytest.mark.parametrize("target", ["nowhere", "/dev/null"])
def test_a_link_of_its_name_is_left_as_it_is(parent: Path, target: str) -> None:
    (parent / "roses").symlink_to(target)
    with pytest.raises(InvalidSettings, match="expected nothing of this name"):
        create("roses", "table", parent)
    assert [file.name for file in parent.iterdir()] == ["roses"]


def test_a_file_in_place_of_the_folder_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "inside"):
        result = CliRunner().invoke(app, ["new", "roses", "--like", "table", "--folder", str(place)])
        assert result.exit_code == 2
        assert "--folder: expected a folder that can be made" in result.output


def test_an_unknown_template_and_an_unknown_metric_are_refused(parent: Path) -> None:
    for words, text in (
        (["--like", "sounds"], "--like: expected one of images, table, texts, received 'sounds'"),
        (["--metric", "f1_makro"], "did you mean f1_macro"),
    ):
        result = CliRunner().invoke(app, ["new", "roses", *words])
        assert result.exit_code == 2
        assert text in result.output
    assert list(parent.iterdir()) == []


def test_the_commands_that_are_printed_can_be_typed(parent: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = podium("new", "roses", "--like", "table", "--metric", "f1_macro")
    assert "export" not in printed
    commands = re.findall(r"^  podium (\w+) roses", printed, re.M)
    assert commands == ["demo", "run", "check", "run"]
    assert "podium run roses --preset demo" in podium("demo", "roses")
    assert "The raw files can be used." in podium("check", "roses", "--preset", "demo")
    listed = podium("list")
    assert re.search(r"^roses\n  data in .*\n  demo .*\n  quick ", listed, re.M)
    assert 'METRIC = "f1_macro"' in (parent / "roses" / "metric.py").read_text()


def test_without_the_variable_competitions_lie_beside_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PODIUM_COMPETITIONS", raising=False)
    monkeypatch.setattr(locations, "root", lambda: tmp_path)
    assert locations.competitions_folders() == ()
    (tmp_path / "competitions").mkdir()
    assert locations.competitions_folders() == (tmp_path / "competitions",)


def test_several_folders_may_hold_competitions(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other := tmp_path / "others").mkdir()
    monkeypatch.setenv("PODIUM_COMPETITIONS", f"{parent}:{other}")
    create("roses", "table", parent)
    create("tulips", "texts", other)
    assert {"roses", "tulips"} <= set(competition_names())
    (other / "roses").mkdir()
    (other / "roses" / "competition.py").touch()
    with pytest.raises(InvalidSettings, match="competition roses: expected one folder, received"):
        find("roses")
    forget("tulips")


Break = Callable[[Path], object]
BROKEN: dict[str, tuple[Break, str]] = {
    "a file is missing": (
        lambda folder: (folder / "training.py").unlink(),
        r"training\.py: missing; step train calls training\.build\(job\)",
    ),
    "a function is missing": (
        lambda folder: (folder / "metric.py").write_text("METRIC = 1\n"),
        r"metric\.py: scorer is missing; step gather calls metric\.scorer",
    ),
    "the flow is missing": (
        lambda folder: (folder / "flow.py").unlink(),
        r"flow\.py: missing; podium run calls flow\.roses\(config\)",
    ),
    "a file is no Python": (
        lambda folder: (folder / "encode.py").write_text("def encode(:\n"),
        r"encode\.py:1: invalid syntax",
    ),
    "code in the package": (
        lambda folder: (folder / "__init__.py").write_text("VALUE = 1\n"),
        r"__init__\.py: must be empty",
    ),
    "a function is not bound": (
        lambda folder: (folder / "competition.py").write_text(
            (folder / "competition.py").read_text().replace("    encode=encode.encode,\n", "")
        ),
        r"competition\.py: COMPETITION lacks encode=encode\.encode; step encode calls encode\.encode\(job\)",
    ),
    "another name": (
        lambda folder: (folder / "competition.py").write_text(
            (folder / "competition.py").read_text().replace('"roses"', '"tulips"')
        ),
        "name must be that of the folder, 'roses', not 'tulips'",
    ),
    "an error of its own": (
        lambda folder: (folder / "metric.py").write_text("scorer = UNKNOWN\n"),
        r"metric\.py:\d+: NameError: name 'UNKNOWN' is not defined",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_steps_need_is_checked_at_the_start_in_one_message(made: Create, case: str) -> None:
    change, text = BROKEN[case]
    change(made("roses", "table"))
    for command in ("check", "plan", "run"):
        result = CliRunner().invoke(app, [command, "roses"])
        assert result.exit_code == 2, result.output
        assert re.search(text, result.output.replace("\n", " "))
        assert "Traceback" not in result.output


def test_a_file_that_only_a_recipe_wants_is_missed_by_the_plan(
    made: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = made("roses", "table")
    (folder / "encode.py").unlink()
    for file in ("competition.py", "training.py", "predict.py"):
        text = (folder / file).read_text("utf-8").replace("    encode=encode.encode,\n", "")
        (folder / file).write_text(re.sub(r"\bencode, |    encode,\n|, encode\b", "", text), "utf-8")
    assert find("roses").encode is None
    podium("demo", "roses")
    result = CliRunner().invoke(app, ["plan", "roses", "--preset", "demo"])
    assert result.exit_code == 2, result.output
    assert "encode.py: missing; step encode calls encode.encode(job), as its flow or a recipe wants" in (
        result.output.replace("\n", " ")
    )


def test_all_that_is_missing_is_named_at_once(made: Create) -> None:
    folder = made("roses", "table")
    for name in ("training", "predict", "report"):
        (folder / f"{name}.py").unlink()
    with pytest.raises(InvalidSettings) as error:
        find("roses")
    assert [line.split(".py")[0].strip() for line in str(error.value).splitlines()[1:]] == [
        "training",
        "predict",
        "report",
    ]


def test_a_broken_competition_does_not_hide_the_others(made: Create) -> None:
    (made("roses", "table") / "config.py").write_text("")
    listed = podium("list")
    assert "roses\n  cannot be used:" in listed
    assert "\nextraction\n" in listed


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("def (:", r"config.py:\d+: invalid syntax"),
        ("x = '\0'", "config.py: source code string cannot contain null bytes"),
        (f"x = {'-' * 100_000}1", "config.py: code that is nested too deep"),
        ("import no_such_library", r"config.py:\d+: ModuleNotFoundError"),
        ("raise SystemExit(5)", r"config.py:\d+: SystemExit: 5"),
    ],
)
def test_a_competition_whose_code_is_wrong_is_named_and_disturbs_no_other(
    made: Create, ending: str, message: str
) -> None:
    made("tulips", "table")
    config = made("roses", "table") / "config.py"
    config.write_text(f"{config.read_text('utf-8')}{ending}\n", "utf-8")
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 0
    assert re.search(r"^tulips\n  data in ", result.output, re.M)
    assert re.search(rf"roses\n  cannot be used: (.*\n)?.*{message}", result.output)
