"""Dictionaries of the contest's scorer: other names by name.

A line is a name and its other names, separated by tabs. As in the published scorer, white space around the
line goes but not that around a name inside it, capitals become small, and a later line of a name replaces an
earlier one.

Source: github.com/baidu/information-extraction, bin/evaluation/calc_pr.py.
"""

from collections.abc import Iterable


def entry(line: str) -> tuple[str, list[str]]:
    r"""The name of a line and its other names, each once.

    >>> entry("NBA\t 美职篮\tN.B.A\t\n")
    ('nba', [' 美职篮', 'n.b.a'])
    """
    name, *others = line.strip().lower().split("\t")
    return name, list(dict.fromkeys(others))


def dictionary(lines: Iterable[str]) -> dict[str, list[str]]:
    r"""Other names by name.

    >>> dictionary(["a\tb", "a\tc"])
    {'a': ['c']}
    """
    return dict(map(entry, lines))
