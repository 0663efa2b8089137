"""Repairs of decoded triples: a table of named rules, each switched on by itself.

They are the hand-written rules with which the seventh place of LIC2019 ended its pipeline (bojone/kg-2019,
post_repair.py and the decoding of kg_without_ds.py), written anew from a description of what they do.
Where the source's result hung on the order of its loops, or where one pass left work for a second, ours
goes on until nothing changes: **every rule applied twice does what it does once**. That does not hold for the
whole table: a rule may give an earlier one something to do.

A rule looks at one sentence. It never changes its input, adds no duplicate and keeps the order: a rewritten
triple takes the place of the old one, two that become one that of the first, and what is inferred comes last.
Texts and entities are compared as they are written, without `normalise`: entities are pieces of their text.
"""

from collections.abc import Callable, Iterable, Sequence

from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.extraction.records import Triple
from tasks.extraction.rules.boundaries import (
    ancestral_home,
    climate,
    company_suffix,
    enumeration,
    publisher,
)
from tasks.extraction.rules.names import latin_names, nested_names
from tasks.extraction.rules.relations import (
    album,
    author_institution,
    family,
    nationality,
    self_relatives,
    spouses,
    taxonomy,
)

Rule = Callable[[str, Sequence[Triple]], list[Triple]]
"""Text of a sentence and its triples -> its repaired triples."""

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        taxonomy,
        nationality,
        author_institution,
        self_relatives,
        climate,
        ancestral_home,
        publisher,
        company_suffix,
        enumeration,
        latin_names,
        nested_names,
        spouses,
        family,
        album,
    )
}
"""All rules by name, in the order in which they are applied."""


def apply(text: str, triples: Sequence[Triple], names: Iterable[str] = tuple(RULES)) -> list[Triple]:
    """The triples of a sentence after the rules named, in the table's order whatever the order of the names.

    Raises:
        InvalidSettings: a name is not in the table.
    """
    repaired = list(triples)
    for rule in chosen(names):
        repaired = rule(text, repaired)
    return repaired


def chosen(names: Iterable[str]) -> list[Rule]:
    """The rules named, in the table's order; each once. Raises `InvalidSettings` at an unknown name."""
    wanted = set(names)
    for name in sorted(wanted - set(RULES)):
        raise InvalidSettings(f"{name}: no such rule{suggestion(name, RULES)}; known: {', '.join(RULES)}")
    return [rule for name, rule in RULES.items() if name in wanted]
