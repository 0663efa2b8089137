"""Numbers of a question in the unit of a column: 1亿元 asked of a column in 万元 is 10000."""

import re
from fractions import Fraction

from tasks.nl2sql.cells import Cells
from tasks.nl2sql.numerals import WAN, YI, Numeral, written
from tasks.text.characters import normalise

_HEADED = re.compile(
    r"[(（\[【/:：_\-](?:单位[:：]?)?(?P<unit>[十百千]?万|[十百千]?亿|%|‰)[^()（）]{0,3}[)）\]】]?$"
)
_SCALES = {"万": WAN, "十万": 10 * WAN, "百万": 100 * WAN, "千万": 1000 * WAN, "亿": YI}
_SCALES |= {"十亿": 10 * YI, "百亿": 100 * YI, "千亿": 1000 * YI}
_FARTHEST = 100
"""How many times a column's usual numbers a number may be that people ask for."""


def unit(header: str) -> str:
    """万, 百万, 亿, % … as a header says at its end: 销售量（万件） has 万; "" where it says none."""
    found = _HEADED.search(normalise(header))
    return found["unit"] if found else ""


def in_unit(numeral: Numeral, header: str, cells: Cells) -> str:
    """The number as the column writes numbers.

    Amounts written with 万 or 亿 are given in the unit of the header. Without one they are given in full if
    the column has numbers nearly as great, else in 万: in the training questions 1500万 is labelled 1500
    and 1亿 10000 (36 of 36), of columns that say no unit and hold numbers of 亿.
    """
    said = unit(header)
    if numeral.scale > 1:
        return written(numeral.value / _scale(numeral.value, said, cells))
    if cells.percent:
        return (
            written(numeral.value if numeral.percent or not _is_share(numeral) else numeral.value * 100) + "%"
        )
    if numeral.percent and said != "%" and 0 < cells.reach <= 1:
        return written(numeral.value / 100)
    return written(numeral.value)


def _scale(value: Fraction, said: str, cells: Cells) -> int:
    if said in _SCALES:
        return _SCALES[said]
    return 1 if abs(value) <= _FARTHEST * cells.reach else WAN


def _is_share(numeral: Numeral) -> bool:
    """三分之一 and 半 against percentages; 0.5 is what it says."""
    return numeral.value.denominator > 1 and 10**4 % numeral.value.denominator != 0
