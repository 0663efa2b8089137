"""Sentences of the raw files: the checks of a line, and the record that it becomes."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from tasks.extraction.records import Record, Triple
from tasks.text.validation import json_lines
from tasks.text.validation.json_lines import Mismatch

Types = Mapping[str, set[tuple[str, str]]]
"""(subject type, object type) of each predicate of the schema."""

_TRIPLE_KEYS = ("subject", "predicate", "object")
_KEYS = {*_TRIPLE_KEYS, "subject_type", "object_type", "text", "postag", "spo_list"}
_SPACE = re.compile(r"\s+")


class ParsedSentence(NamedTuple):
    """A valid line as a record, with its peculiarities, which become notes."""

    record: Record
    repeated: tuple[Triple, ...]
    """Triples that the line states again; the record has them once."""
    mistyped: tuple[str, ...]
    """Types of subject and object that the schema does not give their predicate."""
    unjoined: bool
    """Whether there is a postag whose words do not join to the text."""
    labelled: bool
    """Whether there is a spo_list, which is ignored in the test file."""


def parse_sentence(
    value: dict[str, Any], name: str, *, labelled: bool, known: Types | None
) -> ParsedSentence | list[Mismatch]:
    """The record of a line's object, or all mismatches of the line.

    Args:
        labelled: whether triples are required; else they are ignored.
        known: types of the schema's predicates; None allows any predicate.
    """
    mismatches = [*wrong_text(value, "text"), *_wrong_postag(value)]
    if labelled:
        mismatches += _wrong_triples(value, known)
    if mismatches:
        return mismatches
    stated = value["spo_list"] if labelled else []
    triples = [(row["subject"], row["predicate"], row["object"]) for row in stated]
    distinct = tuple(dict.fromkeys(triples))
    repeated = () if len(distinct) == len(triples) else _repeated(triples)
    words = _words(value)
    unjoined = words is None and "postag" in value
    record = Record(name, value["text"], words, distinct)
    return ParsedSentence(
        record, repeated, tuple(_mistyped(stated, known or {})), unjoined, "spo_list" in value
    )


def wrong_text(value: dict[str, Any], key: str) -> Iterator[Mismatch]:
    """Yield the mismatch of a key whose value is no text to be used."""
    return json_lines.wrong_text(value, key, keys=_KEYS)


def _wrong_triples(value: dict[str, Any], known: Types | None) -> Iterator[Mismatch]:
    if "spo_list" not in value:
        yield json_lines.missing(value, "spo_list", keys=_KEYS)
    elif not isinstance(value["spo_list"], list):
        yield Mismatch('a list as "spo_list"', json_lines.described(value["spo_list"]))
    else:
        for position, row in enumerate(value["spo_list"], 1):
            for expected, received in _wrong_triple(row, known):
                yield Mismatch(f"{expected} in triple {position}", received)


def _wrong_triple(row: Any, known: Types | None) -> Iterator[Mismatch]:
    if not isinstance(row, dict):
        yield Mismatch("an object", json_lines.described(row))
        return
    mismatches = [mismatch for key in _TRIPLE_KEYS for mismatch in wrong_text(row, key)]
    yield from mismatches
    if not mismatches and known is not None and row["predicate"] not in known:
        near = _nearest(row["predicate"], tuple(known))
        yield Mismatch("a predicate of the schema", json_lines.described(row["predicate"]) + near)


@cache
def _nearest(name: str, known: tuple[str, ...]) -> str:
    # Most predicates have two characters: one of them equal counts as near.
    matches = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f" (the nearest: {', '.join(sorted(matches))})" if matches else ""


def _wrong_postag(value: dict[str, Any]) -> Iterator[Mismatch]:
    items = value.get("postag", [])
    if not isinstance(items, list):
        yield Mismatch('a list as "postag"', json_lines.described(items))
        return
    for position, item in enumerate(items, 1):
        if not isinstance(item, dict):
            yield Mismatch(f"an object in postag {position}", json_lines.described(item))
            return
        if not isinstance(item.get("word"), str) or not isinstance(item.get("pos"), str):
            expected = f"texts as word and pos in postag {position}"
            yield Mismatch(
                expected,
                f"{json_lines.described(item.get('word'))} and {json_lines.described(item.get('pos'))}",
            )
            return


def _words(value: dict[str, Any]) -> tuple[str, ...] | None:
    words = tuple(item["word"] for item in value.get("postag", ()))
    joined, text = "".join(words), value["text"]
    same = joined == text or _SPACE.sub("", joined) == _SPACE.sub("", text)
    return words if same else None


def _repeated(triples: Iterable[Triple]) -> tuple[Triple, ...]:
    times = Counter(triples)
    return tuple(triple for triple, number in times.items() for _ in range(number - 1))


def _mistyped(stated: list[dict[str, Any]], known: Types) -> Iterator[str]:
    for row in stated:
        types = row.get("subject_type"), row.get("object_type")
        allowed = known.get(row["predicate"], ())
        if types != (None, None) and types not in list(allowed):
            yield f"{row['predicate']}: {json_lines.described(types[0])} and {json_lines.described(types[1])}"
