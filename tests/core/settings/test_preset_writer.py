"""Settings written as a preset are the settings when they are read again, and are stated once."""

import json
from pathlib import Path

import pytest
from pydantic import Field

from tasks.core.competition import competition_names
from tasks.core.config import Run, Settings
from tasks.core.errors import InvalidSettings
from tasks.core.settings import resolve
from tasks.core.settings.preset_writer import raise_if_not_generated, text_of, write_preset

PRESETS = [(name, preset.name) for name in competition_names() for preset in resolve.presets(name)]


class Part(Settings):
    """A table."""

    width: int = 1
    name: str = "a"
    factors: dict[str, float] = {}


class Entry(Settings):
    """A table of a list, whose part differs from the part's own defaults."""

    part: Part = Part(width=5)
    parts: tuple[Part, ...] = ()


class Whole(Settings):
    """All sorts of settings."""

    part: Part = Part(width=5)
    entries: tuple[Entry, ...] = Field((Entry(),), min_length=1)
    flag: bool = False
    rate: float = 0.1
    names: tuple[str, ...] = ("x",)
    run: Run = Run()


@pytest.mark.parametrize(("competition", "preset"), PRESETS)
def test_every_preset_survives_being_written(competition: str, preset: str, tmp_path: Path) -> None:
    config = resolve.resolve(competition, preset=preset)
    write_preset(tmp_path / competition / "again.toml", config, ["found", "    podium run"])
    again = resolve.resolve(competition, preset="again", root=tmp_path)
    assert again.model_dump(exclude={"run"}) == config.model_dump(exclude={"run"})
    assert resolve.presets(competition, tmp_path)[0].header == "found\npodium run"


def test_defaults_are_not_stated() -> None:
    assert text_of(Whole()) == ""


def test_only_differences_are_stated() -> None:
    whole = Whole(part=Part(width=5, name="ü"), flag=True, rate=1e-7, names=(), run=Run(workers=1))
    assert text_of(whole).split("\n") == [
        "flag = true",
        "rate = 1e-07",
        "names = []",
        "",
        "[part]",
        'name = "ü"',
    ]


def test_tables_of_lists_begin_at_their_own_defaults(tmp_path: Path) -> None:
    whole = Whole(entries=(Entry(part=Part(name="b")), Entry(), Entry(parts=(Part(width=2), Part()))))
    write_preset(tmp_path / "p.toml", whole, ["head"])
    text = (tmp_path / "p.toml").read_text()
    assert text.count("[[entries]]") == 3
    assert "width = 5" not in text


def test_keys_that_are_no_words_are_quoted(tmp_path: Path) -> None:
    factors = {"dense/kernel": 2.0, "plain": 0.5, 'a "b"': 1.0}
    write_preset(tmp_path / "p.toml", Whole(part=Part(width=5, factors=factors)), ["head"])
    text = (tmp_path / "p.toml").read_text()
    assert f"{json.dumps('dense/kernel')} = 2.0" in text
    assert "\nplain = 0.5" in text


def test_what_a_preset_cannot_say_is_refused(tmp_path: Path) -> None:
    class Stated(Settings):
        part: dict[str, int] = {"a": 1}

    with pytest.raises(ValueError, match="expected a preset that gives the settings again"):
        write_preset(tmp_path / "p.toml", Stated(part={"b": 1}), ["head"])


def test_presets_of_a_person_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    raise_if_not_generated(path, "Found by")
    path.write_text("# Found by a search\n")
    raise_if_not_generated(path, "Found by")
    path.write_text("# Mine\n")
    with pytest.raises(InvalidSettings, match=r"study: expected a name that no preset .*, received 'mine'"):
        raise_if_not_generated(path, "Found by")
