"""Values of a table as text: Python's own types, and one number of decimals down a column."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

NOTHING = "–"
SIGNIFICANT_DIGITS = 4
LEAST_SHARE = 0.01
"""Columns whose largest number is from this to 1 have four decimals, as scores have everywhere."""


class Estimate(NamedTuple):
    """A measured value and its standard error."""

    value: float
    standard_error: float


def plain(value: Any) -> Any:
    """The value with scalars of numpy and pandas, which JSON refuses, as Python's own types."""
    if isinstance(value, Estimate):
        return Estimate(float(value.value), float(value.standard_error))
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        return value.item()
    return value


def is_number(value: Any) -> bool:
    """Whether the plain value belongs into a right-aligned column; booleans do not."""
    return isinstance(value, int | float | Estimate) and not isinstance(value, bool)


def is_numeric(column: Sequence[Any]) -> bool:
    """Whether a column holds only numbers and gaps (None), and at least one number."""
    values = [plain(value) for value in column if value is not None]
    return bool(values) and all(map(is_number, values))


def counted(number: int, noun: str) -> str:
    """A number of things, whose noun takes an s in the plural.

    >>> counted(1, "member"), counted(1200, "trial")
    ('1 member', '1,200 trials')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def texts(column: Sequence[Any]) -> list[str]:
    """The values as texts; in a column of numbers all have as many decimals, so that the points line up.

    >>> texts([0.5, 12.25, None])
    ['0.50', '12.25', '–']
    """
    values = [plain(value) for value in column]
    decimals = _decimals(values) if is_numeric(column) else None
    return [_text(value, decimals) for value in values]


def _text(value: Any, decimals: int | None) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Estimate):
        return f"{_text(value.value, decimals)} ± {_text(value.standard_error, decimals)}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}" if decimals is None else f"{value:,.{decimals}f}"
    return str(value)


def _decimals(values: Sequence[Any]) -> int:
    """Decimals that show the column's largest number with `SIGNIFICANT_DIGITS` digits; of shares so many."""
    numbers = [value.value if isinstance(value, Estimate) else value for value in values]
    sizes = [abs(number) for number in numbers if number and math.isfinite(number)]
    if not sizes:
        return 1
    if LEAST_SHARE <= max(sizes) <= 1:
        return SIGNIFICANT_DIGITS
    return min(8, max(0, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(max(sizes)))))
