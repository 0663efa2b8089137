"""Step `submit`: the checked submission and its provenance → a folder below `submissions/`."""

import json
import logging
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from tasks.core import locations
from tasks.core.cache.digests import sha256_of_file
from tasks.core.cache.store import Artifact, Store, part_folders, write_json
from tasks.core.cache.verification import refuse_damaged
from tasks.core.competition import find
from tasks.core.context import run_id
from tasks.core.errors import InvalidSubmission
from tasks.core.files.temporary import HIDDEN, hidden_name, locked, sweep
from tasks.core.step import step
from tasks.core.step_failures import artifacts_in
from tasks.core.submissions.provenance import describe
from tasks.core.submissions.provenance_file import read_provenance
from tasks.core.submissions.submissions import PROVENANCE
from tasks.learning.ensemble.evaluation import validation_scores

log = logging.getLogger("podium")

IDENTITY = ("file_sha256", "config", "code", "data", "libraries")
"""Parts of the provenance in which different submissions differ."""
REBUILD = "podium run {competition} --from {folder}"
"""Command that rebuilds a submission, with its competition and folder in braces."""


@step(cached=False, label="submit {competition}")
def submit(
    competition: str,
    config: BaseModel,
    dataset: list[Artifact],
    ensemble: dict[str, Any],
    submission: Artifact,
    name: str,
    *,
    left_out: dict[str, str] | None = None,
    command: str = REBUILD,
) -> str:
    """Copy the file to `submissions/` with `provenance.json`; returns the folder.

    If there is an equal submission, with the same settings, code, data, libraries and accepted results of
    earlier code, nothing is written.
    Else all artifacts that it comes from are read first, byte by byte, since a disk may have altered some.

    Raises:
        DamagedArtifacts: it has; these are removed, and computed again by the next run.
        InvalidSubmission: the file breaks a rule of the competition.

    Args:
        dataset: the test part and what is common to all parts.
        ensemble: what predicts other records: artifacts `train`,
            `common`, `blend` and `validation` (of step `validate`, or None), and `members`: by name
            artifact `member`, settings `recipe`, artifacts `models` and, of a single member that is the mean
            of others' weights, `soup` with its gain over the best of these.
        left_out: what the run had no time for, by name, and why.
        command: rebuilds the submission, with its competition and folder in braces.
    """
    contract = find(competition)
    file = submission.path / contract.file
    folders = part_folders(dataset)
    root = locations.submissions_folder() / competition
    root.mkdir(parents=True, exist_ok=True)
    with Store.current().lock(f"submissions-{competition}"):  # two runs may submit the same at once
        folder = _new_folder(root, name)
        rebuild = command.format(competition=competition, folder=folder.name)
        provenance = {
            "competition": competition,
            "run": name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "file": file.name,
            "file_sha256": sha256_of_file(file),
            **_scores(ensemble),
            "ensemble": _as_json(ensemble),
            "left_out": left_out or {},
            **describe(config, _steps_behind(), command=rebuild),
            "public_score": None,
        }
        if equal := _equal_submission(root, provenance):  # its file was checked, by the same code
            if equal.run != name:
                place = locations.display_path(equal.folder)
                log.warning("%s is an equal submission: none named %s is written", place, name)
            return str(equal.folder)
        behind = [step["artifact"] for step in provenance["steps"] if step["artifact"]]
        behind += [each.name for each in artifacts_in([ensemble, dataset, submission])]
        # what has left the store since was read by earlier runs
        refuse_damaged(Store.current(), filter(Store.current().has, behind), what=f"submit {competition}")
        contract.check(file, contract.ids(folders, "test"), folders)
        return str(_write(folder, file, provenance))


def _steps_behind() -> list[dict[str, Any]]:
    """The steps of the run so far but `compare`, which serves the report alone and ends at any time."""
    return [entry for entry in Store.current().journal(run_id() or "") if entry["step"] != "compare"]


def _write(folder: Path, file: Path, provenance: dict[str, Any]) -> Path:
    """Write the folder under a hidden name and rename it, so that it is never seen half written."""
    sweep(folder.parent, HIDDEN)
    hidden = hidden_name(folder)
    hidden.mkdir()
    try:
        with locked(hidden):
            shutil.copyfile(file, hidden / file.name)
            write_json(hidden / PROVENANCE, provenance)
            hidden.rename(folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return folder


def _as_json(value: Any) -> Any:
    """Artifacts and settings as JSON."""
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _scores(ensemble: dict[str, Any]) -> dict[str, Any]:
    """Scores of blend and members; of a member that was added from files, the files' digests too."""
    summary = json.loads((ensemble["blend"].path / "blend.json").read_text("utf-8"))
    weights = summary["weights"]
    members = {
        name: {"score": score, "weight": weights[name], **_files(ensemble["members"].get(name))}
        for name, score in summary["members"].items()
    }
    scores = {figure: summary[figure] for figure in ("score", "gain", "nested")}
    for soup in (each["soup"] for each in ensemble["members"].values() if "soup" in each):
        scores |= {"gain": soup["gain"], "nested": soup["nested"]}
    validation = ensemble["validation"]
    on_validation = validation_scores(validation.path if validation else None)
    return {**scores, "validation": on_validation.get("blend"), "members": members}


def _files(described: dict[str, Any] | None) -> dict[str, Any]:
    """Digests of the files of a member that was made with another program (step `add_member`)."""
    if described is None or not (file := described["member"].path / "member.json").is_file():
        return {}
    foreign = json.loads(file.read_text("utf-8")).get("foreign")
    return {"files": foreign["files"]} if foreign else {}


class _Equal(NamedTuple):
    """An equal submission."""

    folder: Path
    run: str
    """Name of the run that wrote it."""


def _equal_submission(root: Path, provenance: dict[str, Any]) -> _Equal | None:
    """The newest equal submission, if it can be one that was written under this name; None without one."""
    equal: list[_Equal] = []
    for path in sorted(root.glob(f"[!.]*/{PROVENANCE}"), reverse=True):
        try:
            other = read_provenance(path)
        except InvalidSubmission:  # another's, or of another version: it is not this one
            continue
        is_equal = all(other.get(part) == provenance[part] for part in IDENTITY)
        # the names alone: the reasons contain times, which differ
        is_equal &= set(other.get("left_out", ())) == set(provenance["left_out"])
        is_equal &= _accepted(other) == _accepted(provenance)
        if is_equal and (path.parent / other["file"]).is_file():
            equal.append(_Equal(path.parent, other.get("run", "")))
    named = (each for each in equal if each.run == provenance["run"])
    return next(named, equal[0] if equal else None)


def _accepted(provenance: dict[str, Any]) -> set[str]:
    """Which changes of code were accepted, whoever did and when."""
    return {each["id"] for each in provenance.get("accepted", ())}


def _new_folder(root: Path, name: str) -> Path:
    """A folder that does not exist: `<UTC time>-<run name>`, with a number if that one does."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = root / f"{stamp}-{name}"
    number = 2
    while folder.exists():
        folder = root / f"{stamp}-{name}-{number}"
        number += 1
    return folder
