"""The README files agree with the code: commands, presets, steps, folders and paths; none is left out."""

import re
from pathlib import Path

import pytest

from flows.__main__ import app, submission_app

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted(ROOT.glob("*/README.md")))
}
README, PRESET_PAGE, TASK_PAGE = PAGES["README.md"], PAGES["conf/README.md"], PAGES["tasks/README.md"]
MOST_LINES = 150
COMMANDS = sorted(str(command.name) for command in app.registered_commands)
FOUND = "# Found by podium search"
TEMPLATE_PRESETS = {path.stem for path in (ROOT / "conf" / "templates").glob("*/presets/*.toml")}
PRESETS = sorted(
    path.stem for path in (ROOT / "conf").glob("*/*.toml") if not path.read_text("utf-8").startswith(FOUND)
)
STEPS = sorted(path.stem for path in (ROOT / "tasks").glob("*.py") if path.stem != "__init__")
FOLDERS = sorted(
    f"{file.parent.relative_to(ROOT).as_posix()}/"
    for package in ("flows", "tasks")
    for file in (ROOT / package).glob("*/__init__.py")
)
PATHS = re.compile(r"`((?:flows|tasks|tests|conf|submissions)/[\w./-]*)`")


def test_it_opens_with_the_two_commands() -> None:
    first = README.index("```\nmake demo ")
    assert first < README.index("make test ") < README.index("## ")


def test_the_first_page_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_shown(command: str) -> None:
    assert re.search(rf"podium {command}\b", README)


@pytest.mark.parametrize("command", sorted(str(each.name) for each in submission_app.registered_commands))
def test_every_command_on_submissions_is_named(command: str) -> None:
    assert re.search(rf"`?{command}\b", README)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_row(preset: str) -> None:
    assert f"| `{preset}` |" in PRESET_PAGE


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_named(step: str) -> None:
    assert re.search(rf"^tasks/<step>\.py .*\b{step}\b", TASK_PAGE, re.MULTILINE)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_has_a_line(folder: str) -> None:
    assert f"`{folder}`" in README


@pytest.mark.parametrize("page", PAGES)
def test_every_path_named_on_a_page_exists(page: str) -> None:
    assert [path for path in PATHS.findall(PAGES[page]) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_between_pages_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGES[page])
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_preset_named_in_a_command_exists(page: str) -> None:
    assert set(re.findall(r"--preset (\w[\w-]*)", PAGES[page])) <= {*PRESETS, *TEMPLATE_PRESETS}


def test_no_number_is_missing() -> None:
    for text in PAGES.values():
        assert not re.findall(r"\b[A-Z]+_(?:SCORE|TIME|OUTPUT|AGAIN|WHAT)\b", text)
