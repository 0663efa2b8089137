"""Normalise texts for models: one normalised character for each character.

Because nothing is inserted or removed, a span of the normalised text is the same span of the original:
case, spaces, full width, emoji and traditional characters can be restored exactly.
"""

from collections import Counter
from collections.abc import Mapping

_FULL_WIDTH, _FULL_WIDTH_END, _OFFSET = 0xFF01, 0xFF5E, 0xFEE0
_IDEOGRAPHIC_SPACE = "\u3000"


def normalise(text: str) -> str:
    """Lower case and half width, character by character; each white-space character becomes a space.

    >>> normalise("Ａ\u3000Rain")
    'a rain'
    """
    return text.translate(_TABLE)


def text_key(text: str) -> str:
    """A key that is equal for texts that differ only in case, width of characters and white space."""
    return " ".join(normalise(text).split())


def normalised_counts(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Counts of normalised characters, by falling count, then by code point."""
    normalised: Counter[str] = Counter()
    for character, count in counts.items():
        normalised[normalise(character)] += count
    return sorted(normalised.items(), key=lambda entry: (-entry[1], entry[0]))


class _Table(dict[int, str]):
    """Normalised characters by code point, each computed at its first use by `str.translate`."""

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
