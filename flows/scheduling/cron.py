"""Find the error in a cron expression, before Prefect is imported.

Prefect's own parser is not used: it is private, its import takes a second and reads the environment, its
messages do not name the field, and it accepts more (six fields, @daily, hashes, ranges that wrap around).
"""

import re
from typing import NamedTuple

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CronField(NamedTuple):
    """One of the five fields: its name, its bounds, and words for its values from the lowest on."""

    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """The value of a word or of digits; None if it is out of bounds."""
        if text.lower() in self.words:
            return self.words.index(text.lower()) + self.lowest
        value = int(text) if text.isdecimal() else -1
        return value if self.lowest <= value <= self.highest else None


FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of the month", 1, 31),
    CronField("month", 1, 12, MONTHS),
    CronField("day of the week", 0, 7, WEEKDAYS),
)

_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


def cron_error(cron: str) -> str:
    """What was expected and what was received; empty for a valid expression.

    >>> cron_error("0 3 * * sun")
    ''
    """
    parts = cron.split()
    if len(parts) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        return f"expected five fields ({names}), received {cron!r}, which has {len(parts)}"
    for field, text in zip(FIELDS, parts, strict=True):
        if not all(_is_valid(field, part) for part in text.split(",")):
            words = f" or {field.words[0]} to {field.words[-1]}" if field.words else ""
            expected = f"{field.lowest} to {field.highest}{words}, a range, a list, steps or *"
            return f"{field.name}: expected {expected}, received {text!r}"
    return ""


def _is_valid(field: CronField, part: str) -> bool:
    match = _PART.fullmatch(part)
    if match is None or (match["step"] is not None and not int(match["step"])):
        return False
    bounds = [field.number(text) for text in match.group("first", "last") if text is not None]
    valid = [bound for bound in bounds if bound is not None]
    return len(valid) == len(bounds) and valid == sorted(valid)
