"""Which characters are shown as escapes: all that a terminal obeys, and no others."""

import sys
import unicodedata

import pytest

from tasks.core.errors import InvalidData, Problem
from tasks.core.printable import printable, printable_lines

OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of Unicode: controls, formats, surrogates, separators of lines and of paragraphs."""
JOINERS = "\u200c\u200d"


def test_every_character_that_a_terminal_may_obey_is_escaped_and_no_other() -> None:
    wrong = []
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        obeyed = unicodedata.category(character) in OBEYED and character not in JOINERS
        known_since = unicodedata.category(character) != "Cn"  # later versions of Unicode name some of these
        if known_since and (printable(character) != character) != obeyed:
            wrong.append(hex(number))
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, 中文　全角, ñ, 👩\u200d🔬", "plain, 中文　全角, ñ, 👩\u200d🔬"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("C:\\dir", "C:\\dir"),
    ],
)
def test_text_is_shown_as(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable_lines(text) == shown.replace(r"\n", "\n")


def test_a_problem_is_one_line_whatever_its_file_is_named() -> None:
    text = str(InvalidData([Problem("a\nb\x1b[2J", 3, "no\r", "\u2028")]))
    assert text == r"a\nb\x1b[2J:3: expected no\r, received \u2028"
