"""Rules that infer members of a family from others.

Source: bojone/kg-2019 (LIC2019, seventh place), post_repair.py; `spouses` is part of its decoding.
"""

from collections.abc import Iterator, Sequence

from tasks.extraction.records import Triple

FATHER, MOTHER, HUSBAND, WIFE = "父亲", "母亲", "丈夫", "妻子"

_SPOUSE_OF = {WIFE: HUSBAND, HUSBAND: WIFE}


def spouses(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Say each marriage both ways: (甲, 妻子, 乙) gives (乙, 丈夫, 甲), and the reverse.

    Annotators mostly did so too, but not always.
    """
    mirrored = [(o, _SPOUSE_OF[p], s) for s, p, o in triples if p in _SPOUSE_OF]
    return list(dict.fromkeys([*triples, *mirrored]))


def family(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Infer spouses from a child, and the second parent from the first one's spouse.

    * 父亲 and 母亲 of one child are married to each other: both 妻子 and 丈夫 are added.
    * A child whose 父亲 is known and 母亲 is not gets the father's wife as mother; likewise the other way.

    Nothing is inferred from two fathers, mothers, wives or husbands of one person, which is either a mistake
    or (in the palaces of which many sentences tell) no answer to who is whose mother; and no one becomes a
    relative of himself or herself. Repeats until nothing is added: one child's parents may give another's.
    """
    known = list(dict.fromkeys(triples))
    while added := [triple for triple in dict.fromkeys(_inferred(known)) if triple not in known]:
        known += added
    return known


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
    """For each child with a parent and no other: the parent's spouse."""
    known = {subject for subject, found, _ in triples if found == predicate}
    for child, parent in parents.items():
        other = spouse.get(parent)
        if other and child not in known and other not in (child, parent):
            yield child, predicate, other


def _only(triples: Sequence[Triple], predicate: str) -> dict[str, str]:
    """Subject -> its object of a predicate, for subjects with exactly one."""
    found: dict[str, set[str]] = {}
    for subject, held, name in triples:
        if held == predicate:
            found.setdefault(subject, set()).add(name)
    return {subject: next(iter(names)) for subject, names in found.items() if len(names) == 1}


# FOLDED from tasks/extraction/rules_removing.py
# Rules that remove triples which cannot be, or which the annotators did not write.
#
# Source of each: bojone/kg-2019 (LIC2019, seventh place), post_repair.py; `album` is part of its decoding.
PARTY, COUNTRY = "中国共产党", "中国"
RANKS = ("属", "科")
INSTITUTIONS = ("公司", "学会", "出版社", "委员会")
RELATIVES = ("父亲", "母亲", "丈夫", "妻子")
CREDITS = ("歌手", "作词", "作曲")


def taxonomy(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 目 (order) of a 科 (family) or 属 (genus), unless nothing at all would be left of the sentence.

    A sentence names the whole ladder (X是鲈形目、鲈科的一种) and means what stands on its lowest rung.
    Where a rank is all it has a triple of, those of a 属 are kept, or without any 属 those of a 科.
    """
    ranked = [triple for triple in triples if triple[1] == "目" and triple[0].endswith(RANKS)]
    kept = [triple for triple in triples if triple not in ranked]
    if kept or not ranked:
        return kept
    last = next(rank for rank in RANKS if any(subject.endswith(rank) for subject, _, _ in ranked))
    return [triple for triple in ranked if triple[0].endswith(last)]


def nationality(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 国籍 中国 where the text says 中国 only within 中国共产党.

    To be a member of a party does not state a nationality; a part of the annotators thought that it does.
    """
    if PARTY not in text or COUNTRY in text.replace(PARTY, "\n"):
        return list(triples)
    return [triple for triple in triples if triple[1:] != ("国籍", COUNTRY)]


def author_institution(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 作者 (author) whose object is an institution by its ending: the schema has persons as authors."""
    return [triple for triple in triples if not (triple[1] == "作者" and triple[2].endswith(INSTITUTIONS))]


def self_relatives(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop who would be father, mother, husband or wife of himself or herself.

    Models that look for the object anywhere in the sentence may find the subject itself.
    """
    return [triple for triple in triples if not (triple[1] in RELATIVES and triple[0] == triple[2])]


def album(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Drop 歌手, 作词 and 作曲 of what is the album (所属专辑) of another triple and not also a song of one.

    In the schema songs have singers and writers; an album that bears the name of one of its songs keeps them.
    """
    songs = {subject for subject, predicate, _ in triples if predicate == "所属专辑"}
    albums = {name for _, predicate, name in triples if predicate == "所属专辑"} - songs
    return [triple for triple in triples if not (triple[1] in CREDITS and triple[0] in albums)]
