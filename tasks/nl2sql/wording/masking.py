"""A question without what is its table's own: cells, names of columns and numbers, each as one character.

What remains is the wording that questions about all tables share, such as 最高 or 分别是.
"""

import re
from collections.abc import Iterator

from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.column_names import without_brackets
from tasks.nl2sql.linking.numerals import find_numerals
from tasks.nl2sql.linking.spans import Span, overlaps
from tasks.nl2sql.query.schema import Table
from tasks.text.normalisation import normalise

CELL, NAME, NUMBER = "\ue000", "\ue001", "\ue002"
"""Private characters of Unicode, which no question has."""


def masked(text: str, table: Table) -> str:
    """The question with a character in place of each cell, name and number; of overlapping ones the longest.

    >>> table = Table("t", "", "", ("城市", "单价(元)"), ("text", "real"), (("海州", 12.0),))
    >>> masked("海州的单价高于10吗", table) == f"{CELL}的{NAME}高于{NUMBER}吗"
    True
    """
    plain = normalise(text)
    found: list[tuple[Span, str]] = []
    longest_first = sorted(_mentions(text, plain, table), key=lambda each: (each[0][0] - each[0][1], each))
    for span, mark in longest_first:
        if not any(overlaps(span, other) for other, _ in found):
            found.append((span, mark))
    for (start, end), mark in sorted(found, reverse=True):
        plain = plain[:start] + mark + plain[end:]
    return plain


def _mentions(text: str, plain: str, table: Table) -> Iterator[tuple[Span, str]]:
    for match in cell_matches(text, table):
        yield match.span, CELL
    for numeral in find_numerals(text):
        yield (numeral.start, numeral.end), NUMBER
    for name in {without_brackets(normalise(name)) for name in table.header}:
        for place in re.finditer(re.escape(name), plain) if len(name) > 1 else ():
            yield place.span(), NAME
