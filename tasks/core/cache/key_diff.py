"""Why a step must run: what differs between its key and the nearest one that ran before."""

from collections.abc import Iterable
from typing import Any

from tasks.core.cache.keys import Key

SHOWN = 4
MARK = "\0"
"""Between the names of a place; file names may hold dots."""


def nearest_record(records: Iterable[dict[str, Any]], key: Key, label: str) -> dict[str, Any] | None:
    """The record of the same step that differs least; of equals, one with the same label, then the newest.

    What another competition did with the step tells nothing.
    """
    of = key.inputs.get("competition")
    same_step = [
        record
        for record in records
        if record["step"] == key.step and record["inputs"].get("competition") == of
    ]

    def distance(record: dict[str, Any]) -> tuple[int, bool, str]:
        return len(differences(record, key)), record["label"] != label, _reversed(record["finished"])

    return min(same_step, key=distance, default=None)


def _reversed(time: str) -> str:
    """Sorts later times first."""
    return "".join(chr(0x10FFFF - ord(each)) for each in time)


def reasons(key: Key, record: dict[str, Any] | None) -> list[str]:
    """Sentences on what changed since the record; that it never ran, when there is none."""
    if record is None:
        return ["never ran"]
    files: dict[str, list[str]] = {}
    told = []
    for place, before, now in differences(record, key):
        field, is_contents, file = place.partition(f"{MARK}contents")
        if is_contents:
            files.setdefault(field, []).append(file.strip(MARK))
        else:
            told.append(_told(place, before, now))
    told = [*(_told_files(field, names) for field, names in files.items()), *told]
    return [*told[:SHOWN], f"{len(told) - SHOWN} more"] if len(told) > SHOWN else told


def _told_files(field: str, names: list[str]) -> str:
    """`contents of data.root changed (train/a.jpg and 2 more files)`."""
    rest = f" and {len(names) - 1} more files" if len(names) > 1 else ""
    where = f" ({names[0]}{rest})" if names[0] else ""
    return f"contents of {_readable(field)} changed{where}"


def differences(record: dict[str, Any], key: Key) -> list[tuple[str, Any, Any]]:
    """Places where a record's inputs, code or libraries differ from a key's: (place, before, now)."""
    found = []
    for part in ("inputs", "code", "libraries"):
        before, now = leaves(record[part]), leaves(getattr(key, part))
        for place in sorted(before.keys() | now.keys()):
            if before.get(place) != now.get(place):
                found.append((f"{part} {place}", before.get(place), now.get(place)))
    return found


def _told(place: str, before: Any, now: Any) -> str:
    part, name = place.split(" ", 1)
    if part == "code":
        return f"code of {name} changed"
    if part == "libraries":
        return f"{name} {_short(before)} → {_short(now)}"
    name = _readable(place)
    if name.endswith(".artifact"):
        return f"{name.removesuffix('.artifact')} changed"
    return f"{name}: {_short(before)} → {_short(now)}"


def _readable(place: str) -> str:
    return place.removeprefix("inputs ").replace(MARK, ".")


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)


def leaves(value: Any, place: str = "") -> dict[str, Any]:
    """Every value of nested inputs by its place, names joined by `MARK`."""
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if not isinstance(value, dict):
        return {place: value}
    found: dict[str, Any] = {}
    for name, item in value.items():
        found |= leaves(item, f"{place}{MARK}{name}" if place else name)
    return found
