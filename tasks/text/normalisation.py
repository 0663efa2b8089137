"""What models read in place of a text: one normalised character for each character.

Because nothing is inserted or removed, a span of the normalised text is the same span of the original:
case, spaces, full width, emoji and traditional characters come back exactly as they were written.
"""

from collections import Counter
from collections.abc import Mapping

_FULL_WIDTH, _FULL_WIDTH_END, _OFFSET = 0xFF01, 0xFF5E, 0xFEE0
_IDEOGRAPHIC_SPACE = "\u3000"


def normalise(text: str) -> str:
    """Lower case and half width, character by character; all kinds of white space become a space."""
    return text.translate(_TABLE)


def text_key(text: str) -> str:
    """What texts have in common that differ in case, width of characters and white space only."""
    return " ".join(normalise(text).split())


def normalised_counts(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Normalised characters with their numbers, by falling number, then by code point."""
    found: Counter[str] = Counter()
    for character, number in counts.items():
        found[normalise(character)] += number
    return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))


class _Table(dict[int, str]):
    """Filled as characters come up: `str.translate` asks for each once."""

    def __missing__(self, code: int) -> str:
        self[code] = _normalised(chr(code))
        return self[code]


_TABLE = _Table()


def _normalised(character: str) -> str:
    if character.isspace() or character == _IDEOGRAPHIC_SPACE:
        return " "
    if _FULL_WIDTH <= ord(character) <= _FULL_WIDTH_END:
        character = chr(ord(character) - _OFFSET)
    lower = character.lower()
    return lower if len(lower) == 1 else character  # İ lowers to two characters
