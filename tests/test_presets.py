"""Every preset needs networks that anyone can download, or says that it is an example, and what to put in."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.core.settings import resolve
from tasks.dogs.config import Config

FOLDER = Path(__file__).parents[1] / "conf"
FILES = sorted(FOLDER.glob("*/*.toml"))
WITHOUT_FILE = ("", "imagenet", "none")
GIVEN = "$PODIUM_WEIGHTS/"
EXAMPLE = "example with given weights"
CARD = ("seed-full", "vit", "convnext", "best-card")


def header(file: Path) -> str:
    """The comments at the head of a preset, as one line."""
    lines = file.read_text("utf-8").split("\n[")[0].splitlines()
    return " ".join(line.removeprefix("#").strip() for line in lines if line.startswith("#"))


def strings(tree: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Key and value of every string in the settings."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from strings(value, name)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from strings(value, key)
    elif isinstance(tree, str):
        yield key, tree


def identifier(file: Path) -> str:
    return f"{file.parent.name}-{file.stem}"


@pytest.mark.parametrize("file", FILES, ids=identifier)
def test_weights_can_be_downloaded_or_the_preset_is_an_example(file):
    tree = tomllib.loads(file.read_text("utf-8"))
    files = [value for key, value in strings(tree) if key == "weights" and value not in WITHOUT_FILE]
    files += [value for key, value in strings(tree) if GIVEN in value]
    assert all(value.startswith(GIVEN) for value in files)
    assert not files or EXAMPLE in header(file).lower()


@pytest.mark.parametrize("file", FILES, ids=identifier)
def test_an_example_names_settings_that_need_no_given_file(file):
    competition, preset = file.parent.name, file.stem
    if EXAMPLE not in header(file).lower():
        return
    overrides = re.findall(r"--set (\S+)", header(file).partition("Without")[2])
    assert overrides
    settings = resolve.resolve(competition, preset=preset, overrides=overrides)
    assert [value for _, value in strings(settings.model_dump(mode="json")) if GIVEN in value] == []


@pytest.mark.parametrize("preset", CARD)
def test_a_preset_for_cards_tells_what_to_expect(preset):
    text = header(FOLDER / "dogs" / f"{preset}.toml")
    for word in (f"podium run dogs --preset {preset}", "Expected:", "Memory and time:", "licence"):
        assert word in text


def test_the_blend_has_the_recipes_of_the_other_presets_for_cards():
    *others, blend = [Config.model_validate(resolve.resolve("dogs", preset=preset)) for preset in CARD]
    expected = {recipe.name: recipe.for_training() for other in others for recipe in other.recipes}
    assert {recipe.name: recipe.for_training() for recipe in blend.recipes} == expected
    assert {other.data for other in others} == {blend.data}
