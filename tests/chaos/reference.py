"""Unharmed runs, made once for all faults: trials start from their stores, and their results are right."""

import json
import random
import shutil
from pathlib import Path

from tasks.core.cache.digests import digest_of_json, sha256_of_file
from tests.chaos import server
from tests.chaos.command import ROOT
from tests.chaos.subjects import SUBJECTS, Subject, copy_tree, draw_data, results
from tests.chaos.trial import Trial

DONE = "done.json"


def code_digest() -> str:
    """SHA-256 of all code and presets: with other code, each trial would compute more steps than it is to."""
    files = [path for name in ("flows", "tasks") for path in (ROOT / name).rglob("*.py")]
    files += (ROOT / "conf").rglob("*.toml")
    return digest_of_json({str(path.relative_to(ROOT)): sha256_of_file(path) for path in sorted(files)})


def ensure(folder: Path, subject: Subject) -> Path:
    """The folder of the subject's reference: `data`, `store`, `before` (submissions to start from), and
    `submissions` or `conf` with what is right."""
    reference, code = folder / f"reference-{subject.name}", code_digest()
    if _is_done(reference, code):
        return reference
    for path in reference.glob("*"):  # of other code: what has not changed is found in its store
        if path.name not in ("store", "data", "other-data"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = ensure(folder, SUBJECTS[subject.after]) if subject.after else None
    if before:
        copy_tree(before / "store", reference / "store")
        copy_tree(before / "submissions", reference / "before")
        copy_tree(before / "submissions", reference / "submissions")
    if not (reference / "data").exists():
        draw_data(subject, reference)
    print(f"unharmed run of {subject.name} …", flush=True)
    trial = Trial(reference, subject, reference, random.Random(0))
    for name in ("tmp", "slots", "conf"):
        (reference / name).mkdir()
    server.ensure(folder / "prefect")
    if trial.until_done() != 0:
        raise SystemExit(f"the unharmed run of {subject.name} failed:\n{trial.commands[-1].output()[-3000:]}")
    assert results(subject, reference)
    seconds = trial.commands[-1].seconds
    (reference / DONE).write_text(json.dumps({"code": code, "seconds": round(seconds, 1)}))
    print(f"unharmed run of {subject.name}: {seconds:.0f} s", flush=True)
    return reference


def _is_done(reference: Path, code: str) -> bool:
    try:
        return bool(json.loads((reference / DONE).read_text())["code"] == code)
    except (FileNotFoundError, ValueError, KeyError):
        return False
