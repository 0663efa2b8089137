"""Values that no setting can have are one message, in a preset with its place and on the command line."""

from pathlib import Path

import pytest

from tasks.core.errors import InvalidSettings
from tasks.core.settings.resolve import resolve
from tasks.core.settings.toml_files import MOST_BYTES, Unusable, parse

REFUSED = {
    "a date": (
        "2026-01-01",
        "a number, true, false, text, a list or a table, received a date, which is text",
    ),
    "a date with a time": ("2026-01-01T03:00:00Z", "received a date with a time"),
    "a time": ("03:00:00", "received a time"),
    "5,000 digits": ("9" * 5000, "whole numbers of at most 64 bits, received one of too many digits"),
    "hexadecimal digits": (f"0x{'f' * 5000}", "a whole number of at most 64 bits, received a larger one"),
    "64 bits": (str(2**63), "a whole number of at most 64 bits"),
    "1,000 lists": ("[" * 1000 + "]" * 1000, "at most 32 lists and tables inside each other, received more"),
    "33 lists": ("[" * 33 + "]" * 33, "at most 32 lists and tables inside each other"),
    "a date in a list": ("[{a = 2026-01-01}]", "received a date"),
    "a NUL": ('"a\\u0000"', "characters of text, received a NUL character as character 2"),
    "a NUL in a key": ('{"\\u0000" = 1}', "characters of text in a key"),
    "a key of 1,000 parts": ("{" + "a." * 1000 + "a = 1}", "keys of at most 32 parts"),
}


@pytest.mark.parametrize(("value", "message"), REFUSED.values(), ids=REFUSED)
def test_values_that_no_setting_can_have(value: str, message: str) -> None:
    with pytest.raises(Unusable) as caught:
        parse(f"a = {value}")
    assert message in str(caught.value)


def test_what_toml_can_hold_besides_is_read() -> None:
    text = 'a = [1, -2, 0.5, true, "2026-01-01"]\nb.c.d = {e = inf}\n# 2026-01-01\nf = 0x7fffffffffffffff'
    assert parse(text) == {
        "a": [1, -2, 0.5, True, "2026-01-01"],
        "b": {"c": {"d": {"e": float("inf")}}},
        "f": 2**63 - 1,
    }


def preset(root: Path, text: str) -> None:
    (root / "dogs").mkdir()
    (root / "dogs" / "odd.toml").write_text(text)
    resolve("dogs", preset="odd", root=root)


PRESETS = {
    "a date": ("\n[run]\nname = 2026-01-01", r"dogs/odd\.toml:3: run\.name: expected .* received a date"),
    "a megabyte": ("#" * (MOST_BYTES + 1), r"dogs/odd\.toml: expected at most 1,000,000 bytes"),
    "recipes": ("[[recipes]]\n" * 1001, r"recipes: expected a list of at most 1000, received"),
    "thousands of wrong keys": ("".join(f"x{n} = 1\n" for n in range(5000)), r"… and 4,980 more$"),
}


@pytest.mark.parametrize(("text", "message"), PRESETS.values(), ids=PRESETS)
def test_presets_are_refused_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        preset(tmp_path, text)


OPTIONS = {
    "digits of Arabic": ("recipes.٠.name=a", "expected the position of an entry .0., received"),
    "thousands of digits": (
        f"seed={'9' * 5000}",
        "--set seed=9{75}…: expected whole numbers of at most 64 bits",
    ),
    "a NUL": ("run.name=a\0", "expected characters of text, received a NUL character as character 11"),
    "half of a pair": ("run.name=a\udcff", "half of a surrogate pair"),
    "a date in a list": ("blend.members=[2026-01-01]", "received a date"),
}


@pytest.mark.parametrize(("option", "message"), OPTIONS.values(), ids=OPTIONS)
def test_options_are_refused_by_their_beginning(option: str, message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        resolve("dogs", overrides=[option])


def test_a_date_as_a_bare_word_is_text() -> None:
    assert resolve("dogs", overrides=["run.name=2026-01-01"]).run.name == "2026-01-01"
