"""README holds what it says: commands, presets and files exist, and none is left out."""

import re
from pathlib import Path

import pytest

from flows.__main__ import app, submission_app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = sorted(str(command.name) for command in app.registered_commands)
FOUND = "# Found by podium search"
PRESETS = sorted(
    path.stem for path in (ROOT / "conf").glob("*/*.toml") if not path.read_text("utf-8").startswith(FOUND)
)
STEPS = sorted(path.stem for path in (ROOT / "tasks").glob("*.py") if path.stem != "__init__")


def test_it_opens_with_the_two_commands() -> None:
    first = README.index("```\nmake demo ")
    assert first < README.index("make test ") < README.index("## ")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_shown(command: str) -> None:
    assert re.search(rf"podium {command}\b", README)


@pytest.mark.parametrize("command", sorted(str(each.name) for each in submission_app.registered_commands))
def test_every_command_on_submissions_is_named(command: str) -> None:
    assert re.search(rf"`?{command}\b", README)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_a_row(preset: str) -> None:
    assert f"| `{preset}` |" in README


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_on_the_map(step: str) -> None:
    assert re.search(rf"^  .*\b{step}\b", README, re.MULTILINE)


def test_every_preset_named_in_a_command_exists() -> None:
    assert set(re.findall(r"--preset (\w[\w-]*)", README)) <= set(PRESETS)


def test_no_number_is_missing() -> None:
    assert not re.findall(r"\b[A-Z]+_(?:SCORE|TIME|OUTPUT|AGAIN|WHAT)\b", README)
