"""What is a number: one rule for cells, for values of conditions and for questions.

A number is a sign or none, digits of ASCII with or without commas between thousands, a fraction or none, and
a percent sign or none; white space may stand around it and before the percent sign. All else is text, such as
codes (2020_01, 1E3, 0x10), digits of full width, lists (1,50) and versions (1.2.3), though Python's `float`
takes some of them: a text is found in a question as it is written, a number by its size.

Questions are normalised first (`tasks.text.normalisation`), so that digits of full width count there.
"""

import math
import re

_NUMBER = re.compile(
    r"\s*(?P<number>[+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+))\s*(?P<percent>[%％])?\s*", re.ASCII
)
_MOST_CHARACTERS = 400
"""The greatest float has 309 digits."""


def plain_number(text: str) -> float:
    """The number that a text is, before its % if it has one; NaN for other texts.

    >>> plain_number("69.92%"), plain_number("1,500"), plain_number("1E3")
    (69.92, 1500.0, nan)
    """
    match = _NUMBER.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    value = float(match["number"].replace(",", "")) if match else math.nan
    return value if math.isfinite(value) else math.nan
