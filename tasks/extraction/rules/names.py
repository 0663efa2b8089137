"""Rules about two names of one thing: the halves of a Latin name, and a name within another.

Both compare the objects that a subject has of one predicate, then the subjects that share predicate and
object. A change on one side may enable one on the other, so they repeat until nothing changes; they end,
since each change leaves fewer triples.

Source: bojone/kg-2019 (LIC2019, seventh place), post_repair.py.
"""

import re
from collections.abc import Callable, Sequence

from tasks.extraction.records import Triple

JOINERS = "和的"

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")

_Names = dict[str, str]


def latin_names(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Join two names of one group that the text has as `first last`: (歌, 作曲, Kenn), (歌, 作曲, Wu).

    Only if the group has exactly two purely alphabetic names: of three it is not known which belong together.
    """

    def joined(names: Sequence[str]) -> _Names:
        latin = [name for name in names if _LATIN.fullmatch(name)]
        if len(latin) != 2:
            return {}
        orders = (" ".join(latin), " ".join(reversed(latin)))
        whole = next((name for name in orders if name in text), None)
        return dict.fromkeys(latin, whole) if whole else {}

    return _on_both_sides(joined, triples)


def nested_names(text: str, triples: Sequence[Triple]) -> list[Triple]:
    """Of two purely Chinese names of one group, one inside the other, keep the longer: 鲁豫 in 陈鲁豫.

    The shorter stays where the text, without the longer, has 和 (and) or 的 (of) right before or after it:
    there it is a name of its own, as in 北京和北京大学.
    """

    def kept(names: Sequence[str]) -> _Names:
        chinese = [name for name in names if _CHINESE.fullmatch(name)]
        return {
            name: longer
            for name in chinese
            for longer in chinese
            if name != longer and name in longer and not _stands_alone(name, longer, text)
        }

    return _on_both_sides(kept, triples)


def _stands_alone(name: str, longer: str, text: str) -> bool:
    rest = text.replace(longer, "\n")
    return any(name + joiner in rest or joiner + name in rest for joiner in JOINERS)


def _on_both_sides(renamed: Callable[[Sequence[str]], _Names], triples: Sequence[Triple]) -> list[Triple]:
    before = list(dict.fromkeys(triples))
    while True:
        after = _mirrored(_with_objects(renamed, _mirrored(_with_objects(renamed, before))))
        if after == before:
            return after
        before = after


def _with_objects(renamed: Callable[[Sequence[str]], _Names], triples: Sequence[Triple]) -> list[Triple]:
    """Apply `renamed`, from the objects of one subject and predicate to new names of some of them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for subject, predicate, name in triples:
        groups.setdefault((subject, predicate), []).append(name)
    names = {group: renamed(objects) for group, objects in groups.items()}
    return list(dict.fromkeys((s, p, names[s, p].get(o, o)) for s, p, o in triples))


def _mirrored(triples: Sequence[Triple]) -> list[Triple]:
    return [(name, predicate, subject) for subject, predicate, name in triples]
