"""Names of columns as questions say them."""

import re

_BRACKETS = re.compile(r"[((\[].*?[))\]]")


def without_brackets(name: str) -> str:
    """A normalised name without what stands in brackets, such as a unit, which questions leave out.

    >>> without_brackets("票房(万元)")
    '票房'
    """
    return _BRACKETS.sub("", name)
