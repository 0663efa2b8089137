"""Records and journal lines as steps write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.core.cache.file_kinds import key_digest
from tasks.core.cache.store import Artifact, Store

PARTS = ("step", "inputs", "code", "libraries")


def record_of(result: Artifact, *, step: str = "write", days: float = 0, **inputs: Any) -> dict[str, Any]:
    """The record of a step with these inputs, which ended so many days ago."""
    finished = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    record = {
        "label": f"{step} {inputs}",
        "step": step,
        "inputs": inputs,
        "code": {"tasks.write": "0" * 64},
        "libraries": {"numpy": "2.0"},
        "result": result.model_dump(),
        "seconds": 1.5,
        "worked": None,
        "finished": finished,
    }
    return rekeyed(record)


def rekeyed(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the key of its parts, which a test has changed."""
    return {**record, "key": key_digest(*(record[part] for part in PARTS))}


def line_of(step: str, **changes: Any) -> dict[str, Any]:
    """A line of a run's journal."""
    line = {"step": step, "label": step, "key": None, "state": "ran", "seconds": 0.5, "artifact": None}
    return line | changes


def replace_record(store: Store, record: dict[str, Any], **changes: Any) -> None:
    """Write a record with changes in place of another, under the key that it then has."""
    store.forget_record(record["key"])
    changed = rekeyed(record | changes)
    store.write_record(changed["key"], changed)
