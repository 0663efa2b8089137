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
        value = int(text) if re.fullmatch("[0-9]{1,4}", text) else -1
        return value if self.lowest <= value <= self.highest else None

    def values(self, text: str) -> set[int]:
        """The values of a valid list of ranges."""
        found: set[int] = set()
        for match in map(_PART.fullmatch, text.split(",")):
            assert match, f"expected a valid field, received {text!r}"
            first = self.lowest if match["first"] is None else self.number(match["first"])
            # a step makes a range of a single value: 5/10 is 5-59/10
            single = match["first"] is not None and match["last"] is None and match["step"] is None
            last = first if single else self.highest if match["last"] is None else self.number(match["last"])
            assert first is not None, f"expected a valid field, received {text!r}"
            assert last is not None, f"expected a valid field, received {text!r}"
            found |= set(range(first, last + 1, int(match["step"] or 1)))
        return found


FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of the month", 1, 31),
    CronField("month", 1, 12, MONTHS),
    CronField("day of the week", 0, 7, WEEKDAYS),
)

DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Of each month, at most."""

_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,4}))?", re.ASCII)


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
    return _never_fires(*parts[2:4])


def cron_values(cron: str) -> tuple[frozenset[int] | str, ...]:
    """The values of each field of a valid expression, by which two that mean the same are equal.

    A day that is `*` stays so: with the other day restricted, `*` is another thing than all days.

    >>> cron_values("0 03 * * sun") == cron_values("00 3 * * 7")
    True
    """
    fields = zip(FIELDS, cron.split(), strict=True)
    return tuple(
        text if text.startswith("*") and field.name.startswith("day") else frozenset(_whole(field, text))
        for field, text in fields
    )


def _whole(field: CronField, text: str) -> set[int]:
    """The values of a field; Sunday, which has two numbers, is 0."""
    values = field.values(text)
    return {0 if field.highest == 7 and each == 7 else each for each in values}


def _never_fires(days: str, months: str) -> str:
    """What is wrong with days that no month has; Prefect finds no time then, whatever the weekdays are."""
    longest = max(DAYS[month - 1] for month in FIELDS[3].values(months))
    if min(FIELDS[2].values(days)) <= longest:
        return ""
    expected = f"at most {longest} in month {months}"
    return f"day of the month: expected {expected}, received {days!r}, so it never fires"


def _is_valid(field: CronField, part: str) -> bool:
    match = _PART.fullmatch(part)
    if match is None or (match["step"] is not None and not int(match["step"])):
        return False
    bounds = [field.number(text) for text in match.group("first", "last") if text is not None]
    valid = [bound for bound in bounds if bound is not None]
    return len(valid) == len(bounds) and valid == sorted(valid)
