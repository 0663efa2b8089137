"""What is wrong with a cron expression, said before Prefect is asked."""

import re
from typing import NamedTuple

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Field(NamedTuple):
    """One of the five: its name, its bounds, and names that stand for numbers."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """The number a word or some digits stand for; None where it is out of bounds."""
        if text.lower() in self.words:
            return self.words.index(text.lower()) + self.least
        value = int(text) if text.isdecimal() else -1
        return value if self.least <= value <= self.most else None


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of the week", 0, 7, WEEKDAYS),
)

_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


def mistake(cron: str) -> str:
    """What was expected and what came; nothing for an expression that can be used."""
    given = cron.split()
    if len(given) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        return f"expected five fields ({names}), received {cron!r}, which has {len(given)}"
    for field, word in zip(FIELDS, given, strict=True):
        if not all(_is_valid(field, part) for part in word.split(",")):
            spoken = f" or {field.words[0]} to {field.words[-1]}" if field.words else ""
            expected = f"{field.least} to {field.most}{spoken}, a range, a list, steps or *"
            return f"{field.name}: expected {expected}, received {word!r}"
    return ""


def _is_valid(field: Field, part: str) -> bool:
    match = _PART.fullmatch(part)
    if match is None or (match["step"] is not None and not int(match["step"])):
        return False
    ends = [field.number(text) for text in match.group("first", "last") if text is not None]
    known = [end for end in ends if end is not None]
    return len(known) == len(ends) and known == sorted(known)
