"""Parse years, quarters, months and days in Chinese text and in cells, abbreviated forms included.

Relative dates (去年, 上一季度, 较上年末) are not parsed: the time of a question is unknown.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tasks.nl2sql.linking.numerals import normalise_numerals, parse_number
from tasks.nl2sql.linking.spans import overlaps

_CHINESE_DIGITS = "〇零一二三四五六七八九十"
_YEAR = r"(?P<year>(?:19|20)\d\d|[一二][〇零一二三四五六七八九]{3})"
_SHORT_YEAR = r"(?P<short>\d\d|[〇零一二九][〇零一二三四五六七八九])"
_MONTH = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = rf"(?P<day>\d\d?|[{_CHINESE_DIGITS}]{{1,3}})"
_OF = rf"(?:的(?=第?[1-4一二三四]季度|[\d{_CHINESE_DIGITS}]{{1,3}}月))?"
_CHINESE_DATE = re.compile(
    rf"(?<![\d.A-Za-z\-])(?:(?:{_YEAR}|{_SHORT_YEAR})年(?![内以来间期后前])[度份]?{_OF})?"
    r"(?:(?<![上每本])第?(?P<quarter>[1-4一二三四])季度)?"
    rf"(?:(?<![\d{_CHINESE_DIGITS}.哪])0?{_MONTH}月(?:份|(?:{_DAY}[日号]))?)?",
    re.ASCII,
)
_NUMERIC_DATE = re.compile(
    r"(?<![\dA-Za-z])(?P<year>(?:19|20)\d\d)"
    # 2019.4 is a number: with points, only three parts make a date
    r"(?:(?P<sign>[-/.])(?P<month>1[0-2]|0?[1-9])(?P=sign)(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
    r"(?:[ t]\d\d?:\d\d(?::\d\d)?)?|[-/](?P<only>1[0-2]|0?[1-9])(?![\d\-/]))",
    re.ASCII,
)


class Date(NamedTuple):
    """A date, or the parts of one that are written, with its span."""

    start: int
    end: int
    """Characters of the text, half-open; 年, 月 and 日 belong to it."""
    year: int | None = None
    quarter: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def parts(self) -> tuple[int | None, int | None, int | None, int | None]:
        """Year, quarter, month and day, without the span."""
        return self[2:]


def find_dates(text: str) -> list[Date]:
    """All dates of a text, from left to right; one like 2019年3月 is followed by its year and its month.

    >>> [date.parts for date in find_dates("2019年3月")]
    [(2019, None, 3, None), (2019, None, None, None), (None, None, 3, None)]
    """
    plain = normalise_numerals(text)
    found: list[Date] = []
    for pattern in (_NUMERIC_DATE, _CHINESE_DATE):
        for match in pattern.finditer(plain):
            date = _date(match) if match[0] else None
            if date and not any(overlaps(date[:2], other[:2]) for other in found):
                found += [date, *(_parts_apart(match, date) if pattern is _CHINESE_DATE else ())]
    return sorted(found, key=lambda date: (date.start, -date.end))


def parse_date(text: str) -> Date | None:
    """The date that a whole text is; None for other texts."""
    plain = normalise_numerals(text).strip()
    match = _NUMERIC_DATE.fullmatch(plain) or _CHINESE_DATE.fullmatch(plain)
    return _date(match) if match else None


def date_forms(date: Date) -> tuple[str, ...]:
    """Ways in which a table may write the date, the simplest first."""
    return tuple(dict.fromkeys(_forms(date)))


def same_date(wanted: Date, cell: Date) -> bool:
    """Whether a cell is the wanted date; the first day of a month also stands for the month."""
    return wanted.parts == cell.parts or (
        wanted.day is None and cell.day == 1 and wanted.parts[:3] == cell.parts[:3] and bool(wanted.year)
    )


def _forms(date: Date) -> tuple[str, ...]:
    year, quarter, month, day = date.parts
    if quarter:
        quarters = (f"第{'一二三四'[quarter - 1]}季度", f"{quarter}季度", f"Q{quarter}")
        return tuple(f"{year}年{each}" for each in quarters) if year else (str(quarter), *quarters)
    if year and month and day:
        return (f"{year}-{month}-{day}", f"{year}-{month:02}-{day:02}", *_with_year(year, month, day))
    if year and month:
        return (f"{year}-{month}", f"{year}-{month:02}", *_with_year(year, month))
    if month and day:
        return (f"{month}月{day}日", f"{month:02}月{day:02}日", f"{month:02}-{day:02}")
    if month:
        return (str(month), f"{month:02}", f"{month}月", f"{month:02}月")
    return (str(year), f"{year}年", f"{year}年度")


def _with_year(year: int, month: int, day: int | None = None) -> tuple[str, ...]:
    if day is None:
        return (f"{year}年{month}月", f"{year}年{month:02}月", f"{year}/{month}", f"{year}{month:02}")
    return (f"{year}年{month}月{day}日", f"{year}年{month:02}月{day:02}日", f"{year}/{month}/{day}")


def _date(match: re.Match[str]) -> Date | None:
    parts = match.groupdict()
    year = _integer(parts["year"])
    if parts.get("short"):
        year = _with_century(_integer(parts["short"]))
    quarter, month, day = _integer(parts.get("quarter")), _integer(parts["month"]), _integer(parts["day"])
    month = month or _integer(parts.get("only"))
    if not (year or quarter or month) or (day is not None and not 1 <= day <= 31):
        return None
    return Date(*match.span(), year, quarter, month, day)


def _parts_apart(match: re.Match[str], date: Date) -> Iterator[Date]:
    """Year, quarter and month each alone, with 年, 季度 or 月 after it, of a date of several parts."""
    for name, value in zip(("year", "quarter", "month"), date.parts, strict=False):
        if value and sum(part is not None for part in date.parts) > 1:
            group = "short" if name == "year" and match["short"] else name
            start, end = match.span(group)
            sign = "季度" if name == "quarter" else "年" if name == "year" else "月"
            yield Date(start, end + len(sign))._replace(**{name: value})


def _integer(text: str | None) -> int | None:
    numeral = parse_number(text) if text else None
    return int(numeral.value) if numeral else None


def _with_century(year: int | None) -> int | None:
    """The year that two digits stand for: 17 is 2017, 98 is 1998."""
    return None if year is None else year + (2000 if year < 70 else 1900)
