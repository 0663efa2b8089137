"""Fill in the demo's patterns, and write values as people write them."""

from collections.abc import Mapping
from random import Random

DIGITS, POWERS, MYRIADS = "零一二三四五六七八九", ("", "十", "百", "千"), ("", "万", "亿")


def fill(pattern: str, values: Mapping[str, str], random: Random) -> str:
    """One alternative of the pattern, with its placeholders replaced and choices within braces made.

    Braces may be nested. A part between braces that is no key of `values` is a choice.
    """
    chosen = random.choice(_alternatives(pattern))
    parts, position = [], 0
    while (start := chosen.find("{", position)) >= 0:
        end = _closing(chosen, start)
        inner = chosen[start + 1 : end]
        parts += [chosen[position:start], values[inner] if inner in values else fill(inner, values, random)]
        position = end + 1
    return "".join([*parts, chosen[position:]])


def _alternatives(pattern: str) -> list[str]:
    """The alternatives separated by `|` outside all braces."""
    depth, alternatives = 0, [""]
    for character in pattern:
        depth += (character == "{") - (character == "}")
        if character == "|" and depth == 0:
            alternatives.append("")
        else:
            alternatives[-1] += character
    return alternatives


def _closing(pattern: str, start: int) -> int:
    depth = 0
    for place in range(start, len(pattern)):
        depth += (pattern[place] == "{") - (pattern[place] == "}")
        if depth == 0:
            return place
    raise ValueError(f"pattern: expected as many }} as {{, received {pattern!r}")


def alternative_form(value: str, kind: str, random: Random) -> str:
    """Another form of the value, as people write it: 三百二十, 3.2万, 百分之七十, 18年, 2018年5月6日."""
    if kind == "date":
        year, month, day = value.split("-")
        return f"{year}年{int(month)}月{int(day)}日"
    if kind == "year":
        return random.choice((value[2:], "".join(DIGITS[int(digit)] for digit in value))) + "年"
    if kind == "percent":
        return "百分之" + chinese_numeral(value.rstrip("%"))
    if kind == "number":
        return random.choice((chinese_numeral(value), in_ten_thousands(value)))
    return value


def chinese_numeral(number: str) -> str:
    """A number below 10^12 in Chinese numerals.

    >>> chinese_numeral("320.5")
    '三百二十点五'
    """
    whole, _, fraction = number.partition(".")
    text = _whole(int(whole)) or "零"
    return text + ("点" + "".join(DIGITS[int(digit)] for digit in fraction) if fraction else "")


def in_ten_thousands(number: str) -> str:
    """A round number from ten thousand upwards in 万, other numbers unchanged.

    >>> in_ten_thousands("32000")
    '3.2万'
    """
    if "." in number or len(number) < 5 or not number.endswith("00"):
        return number
    return f"{int(number) / 10_000:g}万"


def _whole(number: int) -> str:
    text, skipped = "", False
    for power in range(len(MYRIADS) - 1, -1, -1):
        group = number // 10_000**power % 10_000
        if not group:
            skipped = bool(text)
            continue
        text += "零" * (bool(text) and (skipped or group < 1000)) + _group(group) + MYRIADS[power]
        skipped = False
    return text.removeprefix("一") if text.startswith("一十") else text


def _group(number: int) -> str:
    """A number below ten thousand: 1005 is 一千零五."""
    text, skipped = "", False
    for power in range(3, -1, -1):
        digit = number // 10**power % 10
        if digit:
            text += "零" * skipped + DIGITS[digit] + POWERS[power]
        skipped = not digit and bool(text)
    return text
