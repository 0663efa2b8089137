"""Normalise texts for models: one normalised character for each character.

Because nothing is inserted or removed, a span of the normalised text is the same span of the original:
case, spaces, full width, emoji and traditional characters can be restored exactly.

Networks that are trained here read normalised characters. A pretrained one reads the characters of its
vocabulary as they are written, and only others folded to one that it has (`FoldingTable`).
"""

import unicodedata
from collections import Counter
from collections.abc import Container, Iterator, Mapping

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
    return _lower(_half_width(character))


def _half_width(character: str) -> str:
    return chr(ord(character) - _OFFSET) if _FULL_WIDTH <= ord(character) <= _FULL_WIDTH_END else character


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character  # İ lowers to two characters


class FoldingTable(dict[int, str]):
    """A table for `str.translate` that folds the characters which a vocabulary lacks to one that it has.

    Characters of the vocabulary stay as they are, and so do those without any form in it.

    >>> "Ａ？\u3000é".translate(FoldingTable({"a", "？", "e", " "}))
    'a？ e'
    """

    def __init__(self, known: Container[str]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, code: int) -> str:
        forms = _forms(chr(code))
        self[code] = next((form for form in forms if form in self._known), chr(code))
        return self[code]


def _forms(character: str) -> Iterator[str]:
    """The character, then what may stand for it, the closest first.

    These are its half-width form, what Unicode decomposes it to (`⽼` is `老`, `①` is `1`; the first of
    several characters, so `é` is `e`, as for uncased BERTs), and lower case of both; for white space and
    characters without width a space.
    """
    yield character
    if character.isspace() or unicodedata.category(character) in ("Cc", "Cf"):
        yield " "
        return
    half = _half_width(character)
    for form in (half, unicodedata.normalize("NFKC", half), unicodedata.normalize("NFKD", half)[:1]):
        yield form
        yield _lower(form) if len(form) == 1 else form
