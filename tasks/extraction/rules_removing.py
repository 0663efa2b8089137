"""Rules that remove triples which cannot be, or which the annotators did not write.

Source of each: bojone/kg-2019 (LIC2019, seventh place), post_repair.py; `album` is part of its decoding.
"""

from collections.abc import Sequence

from tasks.extraction.records import Triple

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
