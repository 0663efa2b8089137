"""A sentence shortened to what stands around a triple, with subject and object marked."""

from collections.abc import Iterable

from tasks.extraction.mentions import Span, places
from tasks.extraction.records import Triple
from tasks.text.lines import printable

OPENING, CLOSING, GAP = "⟦", "⟧", "…"
AROUND = 20
"""Characters shown on either side of a name."""


def excerpt(text: str, triple: Triple, *, around: int = AROUND) -> str:
    """The text near subject and object, both in brackets; its beginning where they do not stand in it."""
    spans = places(text, [triple])[0]
    if spans is None:
        return printable(text, longest=4 * around)
    pieces = _windows(spans, len(text), around)
    shown = GAP.join(_marked(text, piece, set(spans)) for piece in pieces)
    start = GAP if pieces[0][0] else ""
    return start + shown + (GAP if pieces[-1][1] < len(text) else "")


def _windows(spans: Iterable[Span], length: int, around: int) -> list[Span]:
    """The parts of a text that are shown, from left to right; a single character is not worth a gap."""
    windows: list[Span] = []
    for start, end in sorted(spans):
        start, end = max(0, start - around), min(length, end + around)
        start, end = (0 if start == 1 else start), (length if end == length - 1 else end)
        if windows and start <= windows[-1][1] + 1:
            windows[-1] = (windows[-1][0], max(windows[-1][1], end))
        else:
            windows.append((start, end))
    return windows


def _marked(text: str, window: Span, spans: set[Span]) -> str:
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    marked = [
        CLOSING * ends.count(place) * (place > window[0])
        + OPENING * starts.count(place) * (place < window[1])
        + printable(text[place : place + 1] if place < window[1] else "", longest=1)
        for place in range(window[0], window[1] + 1)
    ]
    return "".join(marked)
