"""Post-repair of decoded triples: a table of named rules, each with a switch of its own.

They are the hand-written rules that end the pipeline of LIC2019's seventh place (bojone/kg-2019,
post_repair.py and the decoding of kg_without_ds.py), written anew from a description of them. Where the
source's result depended on the order of its loops, or one pass left work for a second, these repeat until
nothing changes: **a rule applied twice gives the result of applying it once**. That does not hold for the
whole table: a rule may produce triples that an earlier one would change.

A rule sees one sentence. It does not change its input, adds no duplicate and keeps the order: a rewritten
triple takes the place of the old one, of two that become equal the first stays, inferred triples come last.
Texts and entities are compared as they are written, without `normalise`: entities are pieces of their text.
"""

from collections.abc import Callable, Iterable, Sequence

from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.extraction.records import Triple
from tasks.extraction.rules.boundaries import ancestral_home, climate, company_suffix, enumeration, publisher
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
"""(text of a sentence, its triples) → its repaired triples."""

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
    """The triples of a sentence after the named rules, which are applied in the order of the table.

    Raises:
        InvalidSettings: a name is not in the table.
    """
    repaired = list(triples)
    for rule in chosen(names):
        repaired = rule(text, repaired)
    return repaired


def chosen(names: Iterable[str]) -> list[Rule]:
    """The named rules, in the order of the table, each once. Raises `InvalidSettings` at an unknown name."""
    wanted = set(names)
    for name in sorted(wanted - set(RULES)):
        raise InvalidSettings(f"{name}: no such rule{suggestion(name, RULES)}; known: {', '.join(RULES)}")
    return [rule for name, rule in RULES.items() if name in wanted]
