"""Acceptances: a person's word that results of earlier code count for today's.

    acceptances/<digest>.json    of one step of one competition: code before and after, by whom, when

An acceptance leads from the whole code and all libraries of a step's key, as they are now, to those of an
earlier key; the inputs must be equal. It is looked up where neither has a result of its own. The record that
it finds stays that of the code that made it, nothing is written under the new key, and what comes later is
keyed by the contents of the result, so that without the acceptance all is as if it had never been. When the
code changes again, no acceptance leads from there until a person accepts that change too. Acceptances follow
one another: from today's code to that of last week, and from there to that of last month.

They stay in their store: the mirror has none, as others may think otherwise.
"""

import getpass
import os
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.cache.digests import state_at
from tasks.core.cache.file_kinds import ACCEPTANCE, acceptance_digest
from tasks.core.cache.key_diff import code_changes
from tasks.core.cache.keys import Key
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.files.stored_files import warn_once
from tasks.core.files.temporary import make_way
from tasks.core.locations import display_path

FOLDER = "acceptances"


class Acceptance(NamedTuple):
    """What a person has accepted."""

    step: str
    competition: str
    before: dict[str, dict[str, str]]
    """`code` and `libraries` of the keys whose results count."""
    after: dict[str, dict[str, str]]
    """`code` and `libraries` of the keys for which they count."""
    by: str
    """Name of the user."""
    when: str
    """ISO 8601, in UTC."""
    note: str = ""
    """Why, in the person's words."""
    functions: dict[str, list[str]] = {}
    """Names of the functions and classes that differ, by module, where both versions are at hand."""

    @property
    def id(self) -> str:
        """The name of its file: a digest of what it leads from and to."""
        return acceptance_digest(self._asdict())

    @property
    def changes(self) -> list[str]:
        """What differs: a text for each module and library."""
        return [
            f"{text} ({', '.join(names)})" if (names := self.functions.get(module)) else text
            for module, text in code_changes(self.before, self.after)
        ]

    @property
    def text(self) -> str:
        """`by ana on 2026-01-31: code of tasks.dogs.training changed`."""
        return text_of(self.summary())

    def summary(self) -> dict[str, Any]:
        """What journals and provenances hold of it, for readers who lack the store."""
        fields = {"id": self.id, "step": self.step, "by": self.by, "when": self.when, "note": self.note}
        return {**fields, "changes": self.changes}


def text_of(summary: Mapping[str, Any]) -> str:
    """By whom, when and for which change, of an `Acceptance.summary`."""
    note = f" ({summary['note']})" if summary["note"] else ""
    return f"by {summary['by']} on {summary['when'][:10]}: {', '.join(summary['changes'])}{note}"


class Found(NamedTuple):
    """A result in the store that counts for a key."""

    record: dict[str, Any]
    """Of the key itself, or of an earlier one."""
    result: Artifact
    accepted: tuple[Acceptance, ...]
    """The acceptances that lead from the key to the record; none if it is the key's own."""


def accept(key: Key, record: dict[str, Any], *, note: str, functions: dict[str, list[str]]) -> Acceptance:
    """The acceptance, by this user and now, that leads from a key to an earlier record of equal inputs."""
    return Acceptance(
        step=key.step,
        competition=str(key.inputs.get("competition", "")),
        before={part: record[part] for part in ("code", "libraries")},
        after=code_of(key),
        by=_user(),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        note=note,
        functions=functions,
    )


def find_result(store: Store, key: Key) -> Found | None:
    """The key's own result, or else the nearest one that a person has accepted for it, if it is whole."""
    for each, accepted in accepted_keys(store, key):
        record = store.record(each.digest) or {}
        if result := store.result_of(record):
            return Found(record, result, accepted)
    return None


def accepted_keys(store: Store, key: Key) -> Iterator[tuple[Key, tuple[Acceptance, ...]]]:
    """The key, then those whose results count for it, each with the acceptances that lead to it."""
    waiting: deque[tuple[Key, tuple[Acceptance, ...]]] = deque([(key, ())])
    seen = set()
    while waiting:
        each, through = waiting.popleft()
        if each.digest in seen:
            continue
        seen.add(each.digest)
        yield each, through
        for acceptance in acceptances(store, each.step, str(each.inputs.get("competition", ""))):
            if acceptance.after == code_of(each):
                code, libraries = acceptance.before["code"], acceptance.before["libraries"]
                earlier = each._replace(code=code, libraries=libraries)
                waiting.append((earlier, (*through, acceptance)))


def code_of(key: Key) -> dict[str, dict[str, str]]:
    """The parts of a key that acceptances lead from and to."""
    return {"code": key.code, "libraries": key.libraries}


def acceptances(store: Store, step: str | None = None, competition: str | None = None) -> list[Acceptance]:
    """All that are whole, the earliest first; of one step or competition, if they are given."""
    folder = store.root / FOLDER
    found = [_read(path, state_at(path)) for path in sorted(folder.glob("[!.]*.json"))]
    return sorted(
        (
            each
            for each in found
            if each and step in (None, each.step) and competition in (None, each.competition)
        ),
        key=lambda each: each.when,
    )


def write(store: Store, acceptance: Acceptance) -> None:
    """Put it in force: every later run of this store finds it."""
    path = store.root / FOLDER / f"{acceptance.id}.json"
    make_way(path)
    write_json(path, acceptance._asdict())


def withdraw(store: Store, acceptance: Acceptance) -> None:
    """Delete it: later runs compute what it led to."""
    path = store.root / FOLDER / f"{acceptance.id}.json"
    make_way(path)
    path.unlink(missing_ok=True)


@lru_cache(maxsize=1024)
def _read(path: Path, state: tuple[int, ...]) -> Acceptance | None:
    """The acceptance in a file in this state, read once."""
    content = ACCEPTANCE.read_or_none(path, then="nothing is accepted by it")
    if content is None:
        return None
    if acceptance_digest(content) != path.stem:
        warn_once(f"{display_path(path)}: it is that of another change; nothing is accepted by it")
        return None
    return Acceptance(**{name: content[name] for name in Acceptance._fields})


def _user() -> str:
    """Name of the user of this process, or its number where the system knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
