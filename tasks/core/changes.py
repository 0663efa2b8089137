"""Why a step must run: what differs between its key and the nearest one that ran before."""

from collections.abc import Iterable
from typing import Any

from tasks.core.keys import Key

SHOWN = 4


def nearest_record(records: Iterable[dict[str, Any]], key: Key, label: str) -> dict[str, Any] | None:
    """The record of the same step that differs least; of equals, one with the same label, then the newest."""
    same_step = [record for record in records if record["step"] == key.step]

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
    found = differences(record, key)
    told = [_told(place, before, now) for place, before, now in found[:SHOWN]]
    if len(found) > SHOWN:
        told.append(f"{len(found) - SHOWN} more differences")
    return told


def differences(record: dict[str, Any], key: Key) -> list[tuple[str, Any, Any]]:
    """Places where a record's inputs, code or libraries differ from a key's: (place, before, now)."""
    found = []
    for part in ("inputs", "code", "libraries"):
        before, now = _leaves(record[part]), _leaves(getattr(key, part))
        for place in sorted(before.keys() | now.keys()):
            if before.get(place) != now.get(place):
                found.append((f"{part} {place}", before.get(place), now.get(place)))
    return found


def _told(place: str, before: Any, now: Any) -> str:
    part, name = place.split(" ", 1)
    name, before, now = name.replace("\0", "."), _short(before), _short(now)
    if part == "code":
        return f"code of {name} changed"
    if part == "libraries":
        return f"{name} {before} → {now}"
    if "\0contents" in place:
        return f"contents of {name.replace('.contents', '', 1)} changed"
    if name.endswith(".artifact"):
        return f"{name.removesuffix('.artifact')} changed"
    return f"{name}: {before} → {now}"


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _leaves(value: Any, place: str = "") -> dict[str, Any]:
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if not isinstance(value, dict):
        return {place: value}
    found: dict[str, Any] = {}
    for name, item in value.items():
        found |= _leaves(item, f"{place}\0{name}" if place else name)
    return found
