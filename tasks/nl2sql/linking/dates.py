"""Years, quarters, months and days in Chinese text and in cells, in the short forms that people write.

Relative dates (去年, 上一季度, 较上年末) are not read: nothing says when a question was asked.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tasks.nl2sql.linking.numerals import comparable, number

_CHINESE = "〇零一二三四五六七八九十"
_YEAR = r"(?P<year>(?:19|20)\d\d|[一二][〇零一二三四五六七八九]{3})"
_SHORT_YEAR = r"(?P<short>\d\d|[〇零一二九][〇零一二三四五六七八九])"
_MONTH = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = rf"(?P<day>\d\d?|[{_CHINESE}]{{1,3}})"
_OF = rf"(?:的(?=第?[1-4一二三四]季度|[\d{_CHINESE}]{{1,3}}月))?"
_SPOKEN = re.compile(
    rf"(?<![\d.A-Za-z\-])(?:(?:{_YEAR}|{_SHORT_YEAR})年(?![内以来间期后前])[度份]?{_OF})?"
    r"(?:(?<![上每本])第?(?P<quarter>[1-4一二三四])季度)?"
    rf"(?:(?<![\d{_CHINESE}.哪])0?{_MONTH}月(?:份|(?:{_DAY}[日号]))?)?",
    re.ASCII,
)
_SIGNED = re.compile(
    r"(?<![\dA-Za-z])(?P<year>(?:19|20)\d\d)"
    # 2019.4 is a number: with points, only three parts make a date
    r"(?:(?P<sign>[-/.])(?P<month>1[0-2]|0?[1-9])(?P=sign)(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
    r"(?:[ t]\d\d?:\d\d(?::\d\d)?)?|[-/](?P<only>1[0-2]|0?[1-9])(?![\d\-/]))",
    re.ASCII,
)


class Date(NamedTuple):
    """A date, or the parts of one that are said, and where it stands."""

    start: int
    end: int
    """Characters of the text, half-open; 年, 月 and 日 belong to it."""
    year: int | None = None
    quarter: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def parts(self) -> tuple[int | None, int | None, int | None, int | None]:
        """What it says, wherever it stands."""
        return self[2:]


def dates(text: str) -> list[Date]:
    """All dates of a text, from left to right; of one like 2019年3月 its year and its month follow it."""
    plain = comparable(text)
    found: list[Date] = []
    for pattern in (_SIGNED, _SPOKEN):
        for match in pattern.finditer(plain):
            if match[0] and (date := _date(match)) and not any(_overlap(date, other) for other in found):
                found += [date, *(_pieces(match, date) if pattern is _SPOKEN else ())]
    return sorted(found, key=lambda date: (date.start, -date.end))


def date(text: str) -> Date | None:
    """The date that a whole text is; None for other texts."""
    plain = comparable(text).strip()
    match = _SIGNED.fullmatch(plain) or _SPOKEN.fullmatch(plain)
    return _date(match) if match else None


def forms(date: Date) -> tuple[str, ...]:
    """How a table may write it, the plainest first."""
    return tuple(dict.fromkeys(_forms(date)))


def same(asked: Date, cell: Date) -> bool:
    """Whether a cell means the date asked for; the first of a month also stands for the month."""
    return asked.parts == cell.parts or (
        asked.day is None and cell.day == 1 and asked.parts[:3] == cell.parts[:3] and bool(asked.year)
    )


def _forms(date: Date) -> tuple[str, ...]:
    year, quarter, month, day = date.parts
    if quarter:
        spoken = (f"第{'一二三四'[quarter - 1]}季度", f"{quarter}季度", f"Q{quarter}")
        return tuple(f"{year}年{one}" for one in spoken) if year else (str(quarter), *spoken)
    if year and month and day:
        return (f"{year}-{month}-{day}", f"{year}-{month:02}-{day:02}", *_spoken(year, month, day))
    if year and month:
        return (f"{year}-{month}", f"{year}-{month:02}", *_spoken(year, month))
    if month and day:
        return (f"{month}月{day}日", f"{month:02}月{day:02}日", f"{month:02}-{day:02}")
    if month:
        return (str(month), f"{month:02}", f"{month}月", f"{month:02}月")
    return (str(year), f"{year}年", f"{year}年度")


def _spoken(year: int, month: int, day: int | None = None) -> tuple[str, ...]:
    if day is None:
        return (f"{year}年{month}月", f"{year}年{month:02}月", f"{year}/{month}", f"{year}{month:02}")
    return (f"{year}年{month}月{day}日", f"{year}年{month:02}月{day:02}日", f"{year}/{month}/{day}")


def _date(match: re.Match[str]) -> Date | None:
    said = match.groupdict()
    year = _count(said["year"])
    if said.get("short"):
        year = _century(_count(said["short"]))
    quarter, month, day = _count(said.get("quarter")), _count(said["month"]), _count(said["day"])
    month = month or _count(said.get("only"))
    if not (year or quarter or month) or (day is not None and not 1 <= day <= 31):
        return None
    return Date(*match.span(), year, quarter, month, day)


def _pieces(match: re.Match[str], date: Date) -> Iterator[Date]:
    """Its year, its quarter and its month alone, each with the sign after it, if it has more than one."""
    for name, value in zip(("year", "quarter", "month"), date.parts, strict=False):
        if value and sum(part is not None for part in date.parts) > 1:
            group = "short" if name == "year" and match["short"] else name
            start, end = match.span(group)
            sign = "季度" if name == "quarter" else "年" if name == "year" else "月"
            yield Date(start, end + len(sign))._replace(**{name: value})


def _count(written: str | None) -> int | None:
    if not written:
        return None
    read = number(written)
    return int(read.value) if read else None


def _century(year: int | None) -> int | None:
    """The year that two digits stand for: 17 is 2017, 98 is 1998."""
    return None if year is None else year + (2000 if year < 70 else 1900)


def _overlap(date: Date, other: Date) -> bool:
    return date.start < other.end and other.start < date.end
