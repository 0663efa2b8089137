"""Evict unused artifacts from the store, except those from which kept submissions were made.

Eviction loses no result for good: a step whose artifact is gone runs again at its next call.
"""

import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from tasks.core.cache.store import Artifact, Store
from tasks.core.execution import compilation_cache
from tasks.core.file_times import modified
from tasks.core.submissions.provenance_file import named_artifacts
from tasks.core.submissions.submissions import Submission, damaged, listed

STALE = timedelta(days=1)
"""Age from which a temporary file is abandoned; while steps run, the least age of what is evicted."""


class CleaningReport(NamedTuple):
    """What was removed, or would be without `dry_run`."""

    removed: list[str]
    """Names below the store, artifacts first."""
    kept: int
    """Artifacts that stay."""
    freed_bytes: int


def clean(
    store: Store, *, older_than: timedelta, keep_best: int, submissions: Path, dry_run: bool
) -> CleaningReport:
    """Remove artifacts unused for `older_than` that no kept submission was made from, and leftovers.

    Kept are the newest submission of each competition and its `keep_best` best by out-of-fold score.
    What is being computed or written is never removed; while any step runs, nothing that was used within a
    day is. Of a submission whose provenance is damaged, all artifacts are kept whose names can still be read.

    Raises:
        OSError: something cannot be removed, as of a read-only store.
    """
    needed = artifacts_behind(submissions_to_keep(listed(submissions), keep_best))
    needed.update(*map(named_artifacts, damaged(submissions)))
    if not dry_run:
        store.sweep()
    now = time.time()
    age = max(older_than, STALE) if _is_running(store) else older_than
    cleaning = _Cleaning(store, oldest=now - age.total_seconds(), stale=now - STALE.total_seconds())
    artifacts = _artifact_names(store)
    unused = [*cleaning.unused_artifacts(artifacts - needed), *cleaning.leftovers(), *cleaning.compiled()]
    removed, freed = [], 0
    for name, paths, locks in unused:
        with _all_locked(store, locks) as locked:
            if locked:
                removed.append(name)
                freed += sum(map(_size, paths))
                _remove([] if dry_run else paths)
    return CleaningReport(removed, len(artifacts - {Path(name).name for name in removed}), freed)


def submissions_to_keep(submissions: list[Submission], keep_best: int) -> list[Submission]:
    """The newest submission of each competition and its `keep_best` best; `submissions` newest first."""
    by_competition: dict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        by_competition[submission.folder.parent.name].append(submission)
    chosen = []
    for group in by_competition.values():
        best = sorted(group, key=_signed_score, reverse=True)[:keep_best]
        chosen += [submission for submission in group if submission is group[0] or submission in best]
    return chosen


def _signed_score(submission: Submission) -> float:
    """The out-of-fold score, higher being better; -inf without one."""
    score = submission.provenance.get("score") or {}
    if "value" not in score:
        return float("-inf")
    return float(score["value"]) * (1 if score.get("higher_is_better", True) else -1)


def artifacts_behind(submissions: list[Submission]) -> set[str]:
    """Names of all artifacts of the steps that made these submissions."""
    steps = [step for each in submissions for step in each.provenance.get("steps", [])]
    return {step["artifact"] for step in steps if step.get("artifact")}


Removal = tuple[str, list[Path], list[str]]
"""A name for the report, the paths to remove in this order, and the locks to hold while removing them."""


class _Cleaning:
    """Finds what to remove: what was last used before `oldest` or `stale` (seconds since 1970)."""

    def __init__(self, store: Store, *, oldest: float, stale: float) -> None:
        self.store, self.oldest, self.stale = store, oldest, stale

    def unused_artifacts(self, names: set[str]) -> Iterator[Removal]:
        """The unused ones of these artifacts; their records are removed first, then the manifest."""
        keys, used = self._uses()
        for name in sorted(names):
            folder = self.store.root / "artifacts" / name
            manifest = folder.with_name(f"{name}.json")
            if name in used:
                is_unused = used[name] <= self.oldest
            else:  # perhaps stored a moment ago, and its step is about to write the record
                is_unused = max(modified(folder), modified(manifest)) <= min(self.oldest, self.stale)
            if is_unused:
                records = [self.store.root / "steps" / f"{key}.json" for key in keys[name]]
                paths = [path for path in (*records, manifest, folder) if path.exists()]
                yield f"artifacts/{name}", paths, [*keys[name], f"artifact-{name}"]

    def _uses(self) -> tuple[dict[str, list[str]], dict[str, float]]:
        """By artifact: the keys of the records that name it, and when a step or a run last used it."""
        keys: dict[str, list[str]] = defaultdict(list)
        used: dict[str, float] = {}
        for record in self.store.records():
            name = Artifact.model_validate(record["result"]).name
            keys[name].append(record["key"])
            used[name] = max(used.get(name, 0), datetime.fromisoformat(record["finished"]).timestamp())
        for journal in _entries(self.store.root / "runs"):
            for entry in self.store.journal(journal.stem):
                name = str(entry.get("artifact"))
                if name in used:
                    used[name] = max(used[name], modified(journal))
        return keys, used

    def leftovers(self) -> Iterator[Removal]:
        """Abandoned checkpoints, temporary files, journals, and locks that are free."""
        root = self.store.root
        for partial in _entries(root / "partial"):
            if self._is_old(partial, self.oldest):
                yield f"partial/{partial.name}", [partial], [partial.name]
        for folder in ("artifacts", "steps", "acceptances", "fingerprints", "temporary"):
            for path in _entries(root / folder):
                if (folder == "temporary" or path.name.startswith(".")) and self._is_old(path, self.stale):
                    yield f"{folder}/{path.name}", [path], []
        for folder in ("runs", "locks"):
            for path in _entries(root / folder):
                if self._is_old(path, self.oldest):
                    yield f"{folder}/{path.name}", [path], [path.name] if folder == "locks" else []

    def compiled(self) -> Iterator[Removal]:
        """Compiled networks that were not used."""
        for name, files, used in compilation_cache.entries(self.store.root):
            if used <= self.oldest:
                yield name, files, []

    def _is_old(self, path: Path, limit: float) -> bool:
        inside = path.rglob("*") if path.is_dir() else ()
        return max(map(modified, [path, *inside])) <= limit


@contextmanager
def _all_locked(store: Store, names: list[str]) -> Iterator[bool]:
    """Try to hold these locks, without waiting and without making files; yields whether all are held."""
    with ExitStack() as stack:
        try:
            for path in (store.root / "locks" / name for name in names):
                if path.is_file() and not path.is_symlink():  # locks are opened through no link
                    stack.enter_context(FileLock(path, timeout=0, thread_local=False))
        except Timeout:
            yield False
        else:
            yield True


def _is_running(store: Store) -> bool:
    """Whether any step holds its lock."""
    for path in _entries(store.root / "locks"):
        with _all_locked(store, [path.name]) as free:
            if not free:
                return True
    return False


def _artifact_names(store: Store) -> set[str]:
    names = [path.name.removesuffix(".json") for path in _entries(store.root / "artifacts")]
    return {name for name in names if not name.startswith(".")}


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _remove(paths: list[Path]) -> None:
    for path in paths:
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except FileNotFoundError:  # another process has removed it, or a part
            continue


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    size = 0
    for file in files:
        with suppress(OSError):  # removed meanwhile
            size += file.stat().st_size
    return size
