"""The provenance of a submission: everything that is needed to rebuild it."""

import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.core.cache.source_code import ROOT
from tasks.core.cache.store import Store

OMITTED = {"run"}
"""Settings that cannot change a result."""


def describe(config: BaseModel, journal: list[dict[str, Any]], *, command: str) -> dict[str, Any]:
    """Settings, code, data, libraries, steps (the run's journal) and the command that rebuilds them."""
    store = Store.current()
    records = [store.record(entry["key"]) or {} for entry in journal if entry["key"]]
    return {
        "config": config.model_dump(mode="json", exclude=OMITTED),
        "code": _merged(records, "code"),
        "libraries": {"podium": version("podium"), **_merged(records, "libraries")},
        "data": data_digests(records),
        "git": git_state(),
        "command": command,
        "accepted": accepted_results(journal),
        "steps": journal,
    }


def accepted_results(journal: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The acceptances by which results of earlier code count in a run, each with the labels of these.

    `code` and `libraries` of the provenance are those of the code that made the results.
    """
    by_id: dict[str, dict[str, Any]] = {}
    for entry in journal:
        for acceptance in entry.get("accepted", ()):
            described = by_id.setdefault(acceptance["id"], {**acceptance, "results": []})
            described["results"].append(entry["label"])
    return list(by_id.values())


def data_digests(records: list[dict[str, Any]]) -> dict[str, str]:
    """The parts of the dataset and the folds of a run, as `<kind>-<digest>` by the names of their steps."""
    digests = {}
    for record in records:
        if record.get("step") in ("load", "split"):
            result = record["result"]
            part = record["inputs"].get("part")
            name = f"load {part}" if part else record["step"]
            digests[name] = f"{result['kind']}-{result['digest']}"
    return digests


def _merged(records: list[dict[str, Any]], part: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for record in records:
        merged |= record.get(part, {})
    return dict(sorted(merged.items()))


def git_state(root: Path = ROOT) -> dict[str, Any]:
    """The commit of the code, and whether tracked files were changed (`dirty`); empty outside a checkout."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return {}
    return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain", "-uno"))}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
