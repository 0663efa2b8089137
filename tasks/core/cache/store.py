"""The artifact store: folders named by the digests of their contents, records of steps, checkpoints, locks.

    artifacts/<kind>-<digest>/            what a step wrote; never changed afterwards
    artifacts/<kind>-<digest>.json        its manifest: SHA-256, size and modification time of each file
    steps/<key>.json                      the record of a step: its inputs, code, libraries and artifact
    acceptances/<digest>.json             which results of earlier code count (`tasks.core.cache.acceptances`)
    partial/<key>/                        checkpoints of a training that is not finished
    runs/<run>.jsonl                      the steps of one run, in the order they ended
    compiled/<user>-<processor>/          compiled networks (`tasks.core.execution.compilation_cache`)
    locks/<key>                           locked while a step runs; the kernel frees it when the process dies

Everything is written under a temporary name, flushed and renamed, so that a reader sees all of it or nothing.
What stands in a file is declared in `tasks.core.cache.file_kinds`; a damaged one counts as absent, and is
named once. Whatever else lies in a file's place goes when the file is written.
Paths inside the store are relative to it: a store can be moved and keeps its hits.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.core import locations
from tasks.core.cache.digests import state_at
from tasks.core.cache.file_kinds import FINGERPRINTS, JOURNAL_ENTRY, MANIFEST, MOST_JOURNAL_BYTES, RECORD
from tasks.core.cache.manifests import digest_of, first_change, seal
from tasks.core.dataset import PartFolders
from tasks.core.file_times import modified
from tasks.core.files.appending import append
from tasks.core.files.locks import file_lock
from tasks.core.files.stored_files import Damaged, file_bytes, warn_once
from tasks.core.files.temporary import (
    HIDDEN,
    hidden_name,
    locked,
    make_way,
    sweep,
    sweep_beside,
    temporary_folder,
)


class Artifact(BaseModel):
    """A folder in the store, named by its kind and the SHA-256 of its contents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    digest: str

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> "Artifact | None":
        """The artifact that a step's record names as its result; None if it names none."""
        try:
            return cls.model_validate(record["result"])
        except (KeyError, ValidationError):
            return None

    @property
    def name(self) -> str:
        """Name of its folder in the store."""
        return f"{self.kind}-{self.digest[:32]}"

    @property
    def path(self) -> Path:
        """Its folder in the current store."""
        return Store.current().artifact_folder(self)


def part_folders(artifacts: Iterable[Artifact]) -> PartFolders:
    """The parts of a dataset that these artifacts hold, read as one."""
    return PartFolders.of(*(artifact.path for artifact in artifacts))


class Store:
    """A folder with artifacts, records, checkpoints and locks; safe for many processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = locations.expand(root)

    @classmethod
    def current(cls) -> "Store":
        """The store of this process: `$PODIUM_STORE`, else `.podium/store`."""
        return cls(locations.store_folder())

    # Artifacts

    def artifact_folder(self, artifact: Artifact) -> Path:
        return self.root / "artifacts" / artifact.name

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """An empty folder on the store's disk, deleted at the end of the block unless `keep` moved it."""
        with temporary_folder(self.root / "temporary") as folder:
            yield folder

    def sweep(self) -> None:
        """Delete what killed processes were writing."""
        sweep(self.root / "temporary")
        for name in ("artifacts", "steps", "acceptances", "fingerprints"):
            sweep(self.root / name, HIDDEN)

    def keep(self, kind: str, folder: Path) -> Artifact:
        """Move a finished folder into the store under its digest, unless an equal one is there and whole."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): seal(path) for path in paths}
        digest = digest_of(files)
        artifact = Artifact(kind=kind, digest=digest)
        target = self.artifact_folder(artifact)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.lock(f"artifact-{artifact.name}"):
            if not self.is_whole(artifact):
                self._discard(target)
                folder.rename(target)
                sync_folder(target.parent)
                self._write(self._manifest(artifact), {"digest": digest, "files": files})
        return artifact

    def is_whole(self, artifact: Artifact) -> bool:
        """Whether every file is there and unaltered; files whose size and time agree are not read again."""
        manifest = self.manifest(artifact.name)
        if manifest is None or manifest["digest"] != artifact.digest:
            return False
        return not first_change(self.artifact_folder(artifact), manifest["files"], reading=False)

    def has(self, name: str) -> bool:
        """Whether anything of the artifact of this name is there, whole or not."""
        folder = self.root / "artifacts" / name
        return os.path.lexists(folder) or os.path.lexists(folder.with_name(f"{name}.json"))

    def damage(self, name: str) -> str:
        """What is wrong with the artifact of this name, every byte of which is read; empty if nothing is."""
        manifest = self.manifest(name)
        if manifest is None:
            return "its manifest is missing or damaged"
        return first_change(self.root / "artifacts" / name, manifest["files"], reading=True)

    def manifest(self, name: str) -> dict[str, Any] | None:
        """The manifest of the artifact of this name; None without one that is whole."""
        path, again = self.root / "artifacts" / f"{name}.json", "the artifact is computed again"
        manifest: dict[str, Any] | None = MANIFEST.read_or_none(path, then=again)
        if manifest is None:
            return None
        digest = manifest["digest"]
        if digest != digest_of(manifest["files"]) or not name.endswith(f"-{digest[:32]}"):
            warn_once(f"{locations.display_path(path)}: it is that of another artifact; {again}")
            return None
        return manifest

    def _manifest(self, artifact: Artifact) -> Path:
        return self.root / "artifacts" / f"{artifact.name}.json"

    def _write(self, path: Path, value: Any) -> None:
        make_way(path)
        write_json(path, value, sweeping=False)  # `sweep` does it once for all

    def _discard(self, folder: Path) -> None:
        if folder.exists():
            with self.new_folder() as trash:
                folder.rename(trash / "damaged")

    def remove(self, artifact: Artifact) -> None:
        """Delete an artifact."""
        self.remove_named(artifact.name)

    def remove_named(self, name: str) -> None:
        """Delete an artifact, its manifest first, so that a half-deleted one never counts as whole."""
        folder = self.root / "artifacts" / name
        manifest = folder.with_name(f"{name}.json")
        make_way(manifest)
        manifest.unlink(missing_ok=True)
        self._discard(folder)

    def forget_raw_files(self) -> int:
        """Forget which raw files were read, so that all are read again; the number of paths forgotten."""
        remembered = list((self.root / "fingerprints").glob("*.json"))
        for file in remembered:
            file.unlink(missing_ok=True)
        return len(remembered)

    # Records

    def record(self, key: str) -> dict[str, Any] | None:
        """The record of the step with this key (`tasks.core.step` writes it); None without one."""
        path = self.root / "steps" / f"{key}.json"
        record = _record_in(path, state_at(path))
        if record is not None and record["key"] != key:
            warn_once(f"{locations.display_path(path)}: key: expected {key}; the step is computed again")
            return None
        return record

    def write_record(self, key: str, record: dict[str, Any]) -> None:
        self._write(self.root / "steps" / f"{key}.json", record)

    def forget_record(self, key: str) -> None:
        """Delete a record, so that the step is computed again."""
        path = self.root / "steps" / f"{key}.json"
        make_way(path)
        path.unlink(missing_ok=True)

    def records(self) -> Iterator[dict[str, Any]]:
        """All records that are whole."""
        for path in sorted((self.root / "steps").glob("[!.]*.json")):
            if record := self.record(path.stem):
                yield record

    def fingerprints(self, name: str) -> dict[str, str]:
        """What is remembered of the raw files at a path (`tasks.core.cache.digests`)."""
        path = self.root / "fingerprints" / f"{name}.json"
        again = "the raw files are read again"
        found = FINGERPRINTS.read_or_none(path, then=again) or {}
        entries = {name: entry for name, entry in found.items() if isinstance(entry, str)}
        if found.get(CHECKSUM, [_checksum(entries)]) != [_checksum(entries)]:  # earlier versions wrote none
            warn_once(f"{locations.display_path(path)}: expected entries of its checksum; {again}")
            return {}
        return entries

    def write_fingerprints(self, name: str, memory: Mapping[str, str]) -> None:
        written = {**memory, CHECKSUM: [_checksum(memory)]}
        self._write(self.root / "fingerprints" / f"{name}.json", written)

    def result(self, key: str) -> Artifact | None:
        """The artifact of this key, if it is there and whole."""
        return self.result_of(self.record(key) or {})

    def result_of(self, record: dict[str, Any]) -> Artifact | None:
        """The artifact of a record, if it is there and whole."""
        artifact = Artifact.of_record(record)
        return artifact if artifact and self.is_whole(artifact) else None

    # Runs, checkpoints, locks

    def journal(self, run: str) -> list[dict[str, Any]]:
        """The steps of one run so far; lines that are damaged are passed over."""
        path = self.root / "runs" / f"{run}.jsonl"
        try:
            content = file_bytes(path, MOST_JOURNAL_BYTES)
        except FileNotFoundError:
            return []
        except Damaged as error:
            warn_once(f"{error.in_file(path)}; it is passed over")
            return []
        *lines, unfinished = content.split(b"\n")
        entries, damaged = [], 0
        for line in filter(None, [*lines, unfinished]):
            try:
                entries.append(JOURNAL_ENTRY.parse(line))
            except Damaged:
                damaged += line != unfinished  # which may be written at this moment
        if damaged:
            warn_once(f"{locations.display_path(path)}: {damaged} damaged lines are passed over")
        return entries

    def newest_runs(self, count: int) -> list[str]:
        """Names of the runs whose journals were written last, the newest first."""
        files = [(modified(path), path.stem) for path in (self.root / "runs").glob("*.jsonl")]
        return [name for _, name in sorted(files, reverse=True)[:count]]

    def note(self, run: str, entry: dict[str, Any]) -> None:
        """Append a line to a run's journal, in a single write so that lines of threads do not mix.

        After a line that a full disk has cut, it begins on a line of its own.

        Raises:
            OSError: there is no room for it, or it cannot be written.
        """
        path = self.root / "runs" / f"{run}.jsonl"
        make_way(path)
        append(path, (json.dumps(entry, ensure_ascii=False) + "\n").encode())

    def partial(self, key: str) -> Path:
        """Folder for the checkpoints of the step with this key."""
        return self.root / "partial" / key

    def tidy_partial(self, key: str) -> None:
        """Delete what lies in the place of checkpoints and is no file, and what was only begun."""
        folder = self.partial(key)
        if folder.exists() and not folder.is_dir():
            folder.unlink()
        sweep(folder, HIDDEN)
        for path in folder.glob("*.*"):
            if path.suffix in (".json", ".npz"):
                make_way(path)

    def forget_partial(self, key: str) -> None:
        shutil.rmtree(self.partial(key), ignore_errors=True)

    def lock(self, name: str) -> FileLock:
        """A lock that excludes all other locks of this name, in threads and processes alike."""
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return file_lock(folder / name)


CHECKSUM = "."
"""Name in a file of fingerprints, which no raw file has, of a list with the checksum of all others."""


def _checksum(entries: Mapping[str, str]) -> int:
    """CRC-32: a digit that a disk has altered would else be the digest of a file that never was."""
    return crc32("\n".join(f"{name}\t{entry}" for name, entry in entries.items()).encode())


@lru_cache(maxsize=4096)
def _record_in(path: Path, state: tuple[int, ...]) -> dict[str, Any] | None:
    """The record in a file in this state, read once: one that names 100,000 raw files takes half a second."""
    found: dict[str, Any] | None = RECORD.read_or_none(path, then="the step is computed again")
    return found


def write_json(path: Path, value: Any, *, sweeping: bool = True) -> None:
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=1).encode(), sweeping=sweeping)


def write_atomically(path: Path, data: bytes, *, sweeping: bool = True) -> None:
    """Write a file so that a reader sees either the old or the new contents, also after a power cut."""
    with atomic_file(path, sweeping=sweeping) as file:
        file.write(data)


@contextmanager
def atomic_file(path: Path, *, sweeping: bool = True) -> Iterator[BinaryIO]:
    """A file to write piece by piece, which takes its place at the end of the block as `write_atomically`
    does; after an error nothing is left.

    Args:
        sweeping: whether to delete what killed processes were writing in its place, which lists its folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if sweeping:
        sweep_beside(path)
    temporary = hidden_name(path)
    try:
        with open(temporary, "wb") as file, locked(temporary):
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush the folder's entries, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
