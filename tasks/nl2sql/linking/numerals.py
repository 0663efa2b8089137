"""Parse numbers in Chinese text: 1500万, 1.2亿, 3千5百, 两百, 三点五, 三分之一, 百分之五十, 5.25%, 五成.

Not by cn2an 0.5.24 (MIT), which takes 0.3 s to import, gives neither the span nor the scale of a number, and
rejects 一点二亿, 百万, 1,500 and 半.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from tasks.text.normalisation import normalise

WAN, YI = 10**4, 10**8
_DIGITS = {character: str(digit) for digit, character in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": "0", "两": "2"}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_UNITS = {"亿": YI, "万": WAN, "千": 1000, "百": 100, "十": 10}
_DIGIT, _UNIT = "".join(_DIGITS), "".join(_UNITS)
_ARABIC = r"(?>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)"
# atomic and possessive: a long run of digits is not split in all possible ways
_RUN = rf"(?:{_ARABIC}|[{_DIGIT}{_UNIT}]|(?<=[{_DIGIT}])点(?=[{_DIGIT}]))++"
_LONGEST = 32
_NUMERAL = re.compile(
    rf"(?P<whole>{_RUN})分之(?P<part>{_RUN})"
    # 五成 is 50 %, but 成 also begins 成本 and 成交, which follow numbers without a space
    r"|(?<![\d.])(?P<tenths>[1-9一二两三四五六七八九])成(?P<hundredths>[1-9一二三四五六七八九])?"
    r"(?=$|[以的左多、,，。?？;；和与])"
    rf"|(?P<half>一半|半数)|(?P<number>(?<![\dA-Za-z.])-?{_RUN})(?P<percent>%|‰|个?百分点)?",
    re.ASCII,
)
_MEASURE_WORDS = "个家套年月日号元块%倍次人件名位项条天间栋座吨米"
_DENOMINATORS = {"百": 100, "千": 1000, "万": WAN}


class Numeral(NamedTuple):
    """A number with its span."""

    start: int
    end: int
    """Characters of the text, half-open; a sign and 万, 亿 or % belong to it, 元 does not."""
    value: Fraction
    """Exact; of a percentage the number before the sign: 5 for 5%, 50 for 五成."""
    percent: bool = False
    scale: int = 1
    """The greatest of 1, 万 and 亿 that it is written with."""


def find_numerals(text: str) -> list[Numeral]:
    """All numbers of a text, from left to right.

    Names are full of numerals (三一, 万科, 九龙). Without Arabic digits, single ones count only before a
    measure word, longer ones only if they have a unit (十一), a point, or four digits (二零一八).

    >>> [(numeral.start, numeral.end, int(numeral.value)) for numeral in find_numerals("超过1.5万元")]
    [(2, 6, 15000)]
    """
    plain = normalise_numerals(text)
    numerals = ((_numeral(match), match) for match in _NUMERAL.finditer(plain))
    return [numeral for numeral, match in numerals if numeral and _is_number(match, plain)]


def parse_number(text: str) -> Numeral | None:
    """The number that a whole text is, with or without 元; None for other texts."""
    plain = normalise_numerals(text).strip().removesuffix("元").rstrip()
    if plain == "半":
        return Numeral(0, 1, Fraction(1, 2))
    match = _NUMERAL.fullmatch(plain)
    return _numeral(match) if match else None


def normalise_numerals(text: str) -> str:
    """Normalised, character by character, with formal numerals (壹) as common ones (一); `，` never separates
    thousands."""
    return normalise(text.replace("，", "、")).translate(_FORMAL)


def decimal_text(value: Fraction) -> str:
    """Without exponent, separators or trailing zeros; rounded to 4 decimals if the expansion does not end.

    >>> decimal_text(Fraction(3, 2)), decimal_text(Fraction(1, 3))
    ('1.5', '0.3333')
    """
    places = 12 if 10**12 % value.denominator == 0 else 4
    whole, rest = divmod(abs(round(value * 10**places)), 10**places)
    return ("-" if value < 0 else "") + f"{whole}.{rest:0{places}}".rstrip("0").rstrip(".")


def _is_number(match: re.Match[str], text: str) -> bool:
    """Whether a numeral is a number, and not part of a name."""
    written_out = match["number"]
    if not written_out or match["percent"] or re.search(r"\d", written_out):
        return True
    if len(written_out) == 1:
        return text[match.end() : match.end() + 1] in tuple(_MEASURE_WORDS)
    return len(written_out) > 3 or bool(re.search(rf"[{_UNIT}点]", written_out))


def _numeral(match: re.Match[str]) -> Numeral | None:
    if match["half"]:
        return Numeral(*match.span(), Fraction(1, 2))
    if match["tenths"]:
        share = _value(f"{match['tenths']}十{match['hundredths'] or ''}")
        return Numeral(*match.span(), share, percent=True) if share else None
    if match["whole"]:
        return _fraction(match)
    figure = match["number"]
    value = _value(figure.removeprefix("-"))
    if value is None:
        return None
    value = -value if figure.startswith("-") else value
    scale = YI if "亿" in figure else WAN if "万" in figure else 1
    if match["percent"] == "‰":
        value /= 10
    return Numeral(*match.span(), value, percent=bool(match["percent"]), scale=scale)


def _fraction(match: re.Match[str]) -> Numeral | None:
    whole, part = _DENOMINATORS.get(match["whole"]) or _value(match["whole"]), _value(match["part"])
    if not whole or part is None:
        return None
    percent = match["whole"] in _DENOMINATORS
    return Numeral(*match.span(), Fraction(part) / whole * (100 if percent else 1), percent=percent)


def _value(run: str) -> Fraction | None:
    """Of a run of digits and units without sign; None where they make no number, or a very long one."""
    if len(run) > _LONGEST:
        return None
    for unit, factor in _UNITS.items():
        if unit in run:
            high, _, low = run.rpartition(unit)
            return None if unit in high else _joined(high, low, factor)
    plain = "".join(_DIGITS.get(character, character) for character in run).replace("点", ".")
    return Fraction(plain.replace(",", "")) if re.fullmatch(_ARABIC, plain, re.ASCII) else None


def _joined(high: str, low: str, factor: int) -> Fraction | None:
    """`high` times the factor and `low`: 十 and 百万 need no 一 before them, but 百 and 万 do."""
    times = Fraction(1) if not high and factor == 10 else _multiple(high) if high else None
    rest = _value(low.lstrip("零〇")) if low.lstrip("零〇") else Fraction(0)
    if times is None or rest is None or rest >= factor:
        return None
    if len(low) == 1:  # 一万二 is 12,000 and 三千五 is 3,500
        rest *= factor // 10
    return times * factor + rest


def _multiple(high: str) -> Fraction | None:
    return Fraction(_DENOMINATORS[high]) if high in ("百", "千") else _value(high)
