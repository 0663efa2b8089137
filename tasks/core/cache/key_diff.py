"""Reasons why a step must run: how its key differs from the nearest key that ran before."""

from collections.abc import Iterable, Mapping
from typing import Any

from tasks.core.cache.keys import Key

MAX_REASONS = 4
MARK = "\0"
"""Joins the names of a place, because file names may hold dots."""


def nearest_record(records: Iterable[dict[str, Any]], key: Key, label: str) -> dict[str, Any] | None:
    """The record of the same step and competition that differs least from the key; None if there is none.

    Of several, one with the same label is taken, then the newest.
    """
    competition = key.inputs.get("competition")
    same_step = [
        record
        for record in records
        if record["step"] == key.step and record["inputs"].get("competition") == competition
    ]

    def distance(record: dict[str, Any]) -> tuple[int, bool]:
        return len(differences(record, key)), record["label"] != label

    newest_first = sorted(same_step, key=lambda record: str(record["finished"]), reverse=True)
    return min(newest_first, key=distance, default=None)


def reasons(key: Key, record: dict[str, Any] | None) -> list[str]:
    """What changed since the record, as short texts; `never ran` without a record."""
    if record is None:
        return ["never ran"]
    files: dict[str, list[str]] = {}
    changes = []
    for place, before, now in differences(record, key):
        field, is_contents, file = place.partition(f"{MARK}contents")
        if is_contents:
            files.setdefault(field, []).append(file.strip(MARK))
        else:
            changes.append(_change(place, before, now))
    changes = [*(_changed_files(field, names) for field, names in files.items()), *changes]
    more = len(changes) - MAX_REASONS
    return [*changes[:MAX_REASONS], f"{more} more"] if more > 0 else changes


def _changed_files(field: str, names: list[str]) -> str:
    """`contents of data.root changed (train/a.jpg and 2 more files)`."""
    rest = f" and {len(names) - 1} more files" if len(names) > 1 else ""
    where = f" ({names[0]}{rest})" if names[0] else ""
    return f"contents of {_readable(field)} changed{where}"


def differences(record: dict[str, Any], key: Key) -> list[tuple[str, Any, Any]]:
    """Each place at which inputs, code or libraries differ, with the record's value and the key's."""
    return _differences(record, key._asdict(), ("inputs", "code", "libraries"))


def code_changes(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Each module and library whose `code` or `libraries` differ: its name, and what changed."""
    changes = _differences(before, after, ("code", "libraries"))
    return [(place.partition(" ")[2], _change(place, old, new)) for place, old, new in changes]


def _differences(
    one: Mapping[str, Any], two: Mapping[str, Any], parts: Iterable[str]
) -> list[tuple[str, Any, Any]]:
    changed = []
    for part in parts:
        before, now = leaves(one[part]), leaves(two[part])
        for place in sorted(before.keys() | now.keys()):
            if before.get(place) != now.get(place):
                changed.append((f"{part} {place}", before.get(place), now.get(place)))
    return changed


def _change(place: str, before: Any, now: Any) -> str:
    part, name = place.split(" ", 1)
    if part == "code":
        return f"code of {name} changed"
    if part == "libraries":
        return f"{name} {_short(before)} → {_short(now)}"
    name = _readable(place)
    if name.endswith(".artifact"):
        name = name.removesuffix(".artifact")
        kind = f" ({str(now or before).partition('-')[0]})" if name.startswith("dataset.") else ""
        return f"{name.partition('.')[0] if kind else name} changed{kind}"
    return f"{name}: {_short(before)} → {_short(now)}"


def _readable(place: str) -> str:
    return place.removeprefix("inputs ").replace(MARK, ".")


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)


def leaves(value: Any, place: str = "") -> dict[str, Any]:
    """The values of nested inputs by their places, whose names are joined by `MARK`."""
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if not isinstance(value, dict):
        return {place: value}
    values: dict[str, Any] = {}
    for name, item in value.items():
        values |= leaves(item, f"{place}{MARK}{name}" if place else name)
    return values
