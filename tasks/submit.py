"""Step `submit`: put the checked submission with its provenance where a person looks for it."""

import json
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.core import places
from tasks.core.cache.digests import sha256_of_file
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.competition import find
from tasks.core.context import run_id
from tasks.core.step import step
from tasks.core.submissions.provenance import describe
from tasks.core.submissions.submissions import PROVENANCE

SAME = ("file_sha256", "config", "code", "data", "libraries")
"""Parts of the provenance that tell one submission from another."""

REBUILD = "podium run {competition} --from {folder}"
"""Command that rebuilds a submission, with its competition and folder in braces."""


@step(cached=False, label="submit {competition}")
def submit(
    competition: str,
    config: BaseModel,
    dataset: Artifact,
    blended: Artifact,
    submission: Artifact,
    name: str,
    *,
    left_out: dict[str, str] | None = None,
    command: str = REBUILD,
) -> str:
    """Copy the file to `submissions/` with `provenance.json`; returns the folder.

    A submission that lies there already with all it rests on is left as it is.

    Args:
        left_out: what the run had no time for, by name, and why.
        command: rebuilds the submission, with its competition and folder in braces.
    """
    found = find(competition)
    file = submission.path / found.file
    found.check(file, found.ids(dataset.path, "test"), dataset.path)
    root = places.submissions_folder() / competition
    root.mkdir(parents=True, exist_ok=True)
    with Store.current().lock(f"submissions-{competition}"):  # two runs may come to the same end at once
        folder = _new_folder(root, name)
        rebuild = command.format(competition=competition, folder=folder.name)
        provenance = {
            "competition": competition,
            "run": name,
            **_file(file),
            **_scores(blended),
            "left_out": left_out or {},
            **describe(config, Store.current().journal(run_id() or ""), command=rebuild),
            "public_score": None,
        }
        return str(_same(root, provenance) or _put(folder, file, provenance))


def _put(folder: Path, file: Path, provenance: dict[str, Any]) -> Path:
    """Make the folder under a hidden name first, so that nobody ever sees half of it."""
    hidden = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    hidden.mkdir()
    try:
        shutil.copyfile(file, hidden / file.name)
        write_json(hidden / PROVENANCE, provenance)
        hidden.rename(folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return folder


def _file(file: Path) -> dict[str, str]:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {"created": created, "file": file.name, "file_sha256": sha256_of_file(file)}


def _scores(blended: Artifact) -> dict[str, Any]:
    summary = json.loads((blended.path / "blend.json").read_text("utf-8"))
    members = {
        name: {"score": score, "weight": summary["weights"][name]}
        for name, score in summary["members"].items()
    }
    told = {part: summary[part] for part in ("score", "validation", "gain", "nested")}
    return {**told, "members": members}


def _same(root: Path, provenance: dict[str, Any]) -> Path | None:
    """The newest folder whose file, and what it rests on, agree with these."""
    for path in sorted(root.glob(f"[!.]*/{PROVENANCE}"), reverse=True):
        other = json.loads(path.read_text("utf-8"))
        same = all(other.get(part) == provenance[part] for part in SAME)
        same &= set(other.get("left_out", ())) == set(provenance["left_out"])  # the times will differ
        if same and (path.parent / other["file"]).is_file():
            return path.parent
    return None


def _new_folder(root: Path, name: str) -> Path:
    """A folder name that is free; `<UTC time>-<run name>`."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = root / f"{stamp}-{name}"
    number = 2
    while folder.exists():
        folder = root / f"{stamp}-{name}-{number}"
        number += 1
    return folder
