"""Text of data, files and other programs as a terminal or a page may show it: with nothing to obey.

Control characters move a terminal's cursor, rename its window or clear what was printed; line ends forge
lines of a log; characters that turn the direction of writing reorder what stands beside them. They are shown
as escapes, as Python writes them. HTML and Markdown are escaped where they are made (`tasks.core.report`).
"""

import re

_UNSAFE = (
    r"\x00-\x09\x0b-\x1f\x7f-\x9f"  # controls but the line end
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"  # formats, but the joiners 200c and 200d
    r"\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    r"\U000e0020-\U000e007f"
    r"\u2028\u2029\ud800-\udfff"  # separators of lines and paragraphs; surrogates, which no encoding has
)
_IN_LINES = re.compile(f"[{_UNSAFE}]")
_ON_A_LINE = re.compile(rf"[\n{_UNSAFE}]")


def printable(text: str) -> str:
    r"""The text on one line.

    >>> print(printable("a\x1b[2Jb\nc"))
    a\x1b[2Jb\nc
    """
    return _ON_A_LINE.sub(_escape, text)


def printable_lines(text: str) -> str:
    """The text with its line ends, for messages of several lines whose parts are printable already."""
    return _IN_LINES.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
