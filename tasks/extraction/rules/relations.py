"""Rules about what relations imply: members of a family that follow from others, triples that cannot hold.

Source of each: bojone/kg-2019 (LIC2019, seventh place), post_repair.py; `spouses` and `album` are part of its
decoding.
"""

from collections.abc import Iterator, Sequence

from tasks.extraction.records import Triple

FATHER, MOTHER, HUSBAND, WIFE = "父亲", "母亲", "丈夫", "妻子"

RELATIVES = (FATHER, MOTHER, HUSBAND, WIFE)
PARTY, COUNTRY = "中国共产党", "中国"
RANKS = ("属", "科")
INSTITUTIONS = ("公司", "学会", "出版社", "委员会")
CREDITS = ("歌手", "作词", "作曲")

_SPOUSE_OF = {WIFE: HUSBAND, HUSBAND: WIFE}


def spouses(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """State each marriage both ways: (甲, 妻子, 乙) gives (乙, 丈夫, 甲), and the reverse.

    Annotators mostly did, but not always.
    """
    mirrored = [(o, _SPOUSE_OF[p], s) for s, p, o in triples if p in _SPOUSE_OF]
    return list(dict.fromkeys([*triples, *mirrored]))


def family(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Infer spouses from a child, and the second parent from the first one's spouse.

    * 父亲 and 母亲 of one child are married to each other: both 妻子 and 丈夫 are added.
    * A child whose 父亲 is known and 母亲 is not gets the father's wife as mother; likewise the other way.

    Nothing is inferred where a person has two fathers, mothers, wives or husbands: either one is wrong, or
    (at an imperial court) the spouse is not known to be the child's parent. No one becomes a relative of
    himself or herself. Repeats until nothing is added: one child's parents may give another's.
    """
    stated = list(dict.fromkeys(triples))
    while added := [triple for triple in dict.fromkeys(_inferred(stated)) if triple not in stated]:
        stated += added
    return stated


def _inferred(triples: Sequence[Triple]) -> Iterator[Triple]:
    fathers, mothers = _only(triples, FATHER), _only(triples, MOTHER)
    both_ways = spouses("", triples)
    wives, husbands = _only(both_ways, WIFE), _only(both_ways, HUSBAND)
    for child in dict.fromkeys(subject for subject, _, _ in triples):
        father, mother = fathers.get(child), mothers.get(child)
        if father and mother and father != mother:
            yield father, WIFE, mother
            yield mother, HUSBAND, father
    yield from _second_parents(fathers, wives, triples, MOTHER)
    yield from _second_parents(mothers, husbands, triples, FATHER)


def _second_parents(
    parents: dict[str, str], spouse: dict[str, str], triples: Sequence[Triple], predicate: str
) -> Iterator[Triple]:
    """Yield the parent's spouse as the second parent of each child that has only one."""
    complete = {subject for subject, stated, _ in triples if stated == predicate}
    for child, parent in parents.items():
        other = spouse.get(parent)
        if other and child not in complete and other not in (child, parent):
            yield child, predicate, other


def _only(triples: Sequence[Triple], predicate: str) -> dict[str, str]:
    """Subject → its object of a predicate, for subjects with exactly one."""
    objects: dict[str, set[str]] = {}
    for subject, stated, name in triples:
        if stated == predicate:
            objects.setdefault(subject, set()).add(name)
    return {subject: next(iter(names)) for subject, names in objects.items() if len(names) == 1}


def taxonomy(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 目 (order) of a 科 (family) or 属 (genus), unless nothing at all would be left of the sentence.

    A sentence names several ranks (X是鲈形目、鲈科的一种) and states a fact about the lowest one.
    If all its triples are of such ranks, those of a 属 are kept, or without any 属 those of a 科.
    """
    ranked = [triple for triple in triples if triple[1] == "目" and triple[0].endswith(RANKS)]
    kept = [triple for triple in triples if triple not in ranked]
    if kept or not ranked:
        return kept
    last = next(rank for rank in RANKS if any(subject.endswith(rank) for subject, _, _ in ranked))
    return [triple for triple in ranked if triple[0].endswith(last)]


def nationality(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 国籍 中国 where the text says 中国 only within 中国共产党.

    Membership of a party does not state a nationality, though some annotators took it so.
    """
    if PARTY not in text or COUNTRY in text.replace(PARTY, "\n"):
        return list(triples)
    return [triple for triple in triples if triple[1:] != ("国籍", COUNTRY)]


def author_institution(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 作者 (author) whose object is an institution by its ending: the schema has persons as authors."""
    return [triple for triple in triples if not (triple[1] == "作者" and triple[2].endswith(INSTITUTIONS))]


def self_relatives(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop persons who would be their own father, mother, husband or wife.

    Models that search objects in the whole sentence may return the subject itself.
    """
    return [triple for triple in triples if not (triple[1] in RELATIVES and triple[0] == triple[2])]


def album(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 歌手, 作词 and 作曲 of an album (所属专辑) that no triple names as a song too.

    In the schema songs have singers and writers; an album with the name of one of its songs keeps them.
    """
    songs = {subject for subject, predicate, _ in triples if predicate == "所属专辑"}
    albums = {name for _, predicate, name in triples if predicate == "所属专辑"} - songs
    return [triple for triple in triples if not (triple[1] in CREDITS and triple[0] in albums)]
