"""The artifact store: folders named by the digests of their contents, records of steps, checkpoints, locks.

    artifacts/<kind>-<digest>/            what a step wrote; never changed afterwards
    artifacts/<kind>-<digest>.json        its manifest: SHA-256, size and modification time of each file
    steps/<key>.json                      the record of a step: its inputs, code, libraries and artifact
    partial/<key>/                        checkpoints of a training that is not finished
    runs/<run>.jsonl                      the steps of one run, in the order they ended
    compiled/<user>-<processor>/          compiled networks (`tasks.core.execution.compilation_cache`)
    locks/<key>                           locked while a step runs; the kernel frees it when the process dies

Everything is written under a temporary name, flushed and renamed, so that a reader sees all of it or nothing.
Paths inside the store are relative to it: a store can be moved and keeps its hits.
"""

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.core import locations
from tasks.core.cache.digests import digest_of_json, sha256_of_file
from tasks.core.dataset import PartFolders

FORMAT = 1
"""Part of every key; raised when the meaning of stored files changes."""


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
        folder = self.root / "temporary" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, kind: str, folder: Path) -> Artifact:
        """Move a finished folder into the store under its digest, unless an equal one is there and whole."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): _seal(path) for path in paths}
        digest = digest_of_json({name: entry["sha256"] for name, entry in files.items()})
        artifact = Artifact(kind=kind, digest=digest)
        target = self.artifact_folder(artifact)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.lock(f"artifact-{artifact.name}"):
            if not self.is_whole(artifact):
                self._discard(target)
                folder.rename(target)
                sync_folder(target.parent)
                write_json(self._manifest(artifact), {"digest": digest, "files": files})
        return artifact

    def is_whole(self, artifact: Artifact) -> bool:
        """Whether every file is there and unaltered; files whose size and time agree are not read again."""
        manifest = read_json(self._manifest(artifact))
        if manifest is None or manifest.get("digest") != artifact.digest:
            return False
        folder = self.artifact_folder(artifact)
        return all(_is_same(folder / name, entry) for name, entry in manifest["files"].items())

    def _manifest(self, artifact: Artifact) -> Path:
        return self.root / "artifacts" / f"{artifact.name}.json"

    def _discard(self, folder: Path) -> None:
        if folder.exists():
            with self.new_folder() as trash:
                folder.rename(trash / "damaged")

    def remove(self, artifact: Artifact) -> None:
        """Delete an artifact, its manifest first, so that a half-deleted one never counts as whole."""
        self._manifest(artifact).unlink(missing_ok=True)
        self._discard(self.artifact_folder(artifact))

    def forget_raw_files(self) -> int:
        """Forget which raw files were read, so that all are read again; the number of paths forgotten."""
        remembered = list((self.root / "fingerprints").glob("*.json"))
        for file in remembered:
            file.unlink(missing_ok=True)
        return len(remembered)

    # Records

    def record(self, key: str) -> dict[str, Any] | None:
        """The record of the step with this key (`tasks.core.step` writes it); None without one."""
        return read_json(self.root / "steps" / f"{key}.json")

    def write_record(self, key: str, record: dict[str, Any]) -> None:
        write_json(self.root / "steps" / f"{key}.json", record)

    def records(self) -> Iterator[dict[str, Any]]:
        for path in sorted((self.root / "steps").glob("*.json")):
            record = read_json(path)
            if record is not None and "result" in record:
                yield record

    def result(self, key: str) -> Artifact | None:
        """The artifact of this key, if it is there and whole."""
        return self.result_of(self.record(key) or {})

    def result_of(self, record: dict[str, Any]) -> Artifact | None:
        """The artifact of a record, if it is there and whole."""
        artifact = Artifact.of_record(record)
        return artifact if artifact and self.is_whole(artifact) else None

    # Runs, checkpoints, locks

    def journal(self, run: str) -> list[dict[str, Any]]:
        """The steps of one run so far; incomplete lines, left by a full disk or a power cut, are skipped."""
        path = self.root / "runs" / f"{run}.jsonl"
        try:
            lines = path.read_bytes().split(b"\n") if path.is_file() else []
        except OSError:
            return []
        entries = (_object(line) for line in lines)
        return [entry for entry in entries if entry is not None]

    def newest_runs(self, count: int) -> list[str]:
        """Names of the runs whose journals were written last, the newest first."""
        files = [(path.stat().st_mtime, path.stem) for path in (self.root / "runs").glob("*.jsonl")]
        return [name for _, name in sorted(files, reverse=True)[:count]]

    def note(self, run: str, entry: dict[str, Any]) -> None:
        """Append a line to a run's journal, in a single write so that lines of threads do not mix.

        After a line that a full disk has cut, it begins on a line of its own.

        Raises:
            OSError: there is no room for it, or it cannot be written.
        """
        path = self.root / "runs" / f"{run}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode()
        with open(path, "a+b", buffering=0) as file:
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                line = b"\n" + line
            while line:  # a disk that fills up takes a part, and then raises
                line = line[file.write(line) :]

    def partial(self, key: str) -> Path:
        """Folder for the checkpoints of the step with this key."""
        return self.root / "partial" / key

    def forget_partial(self, key: str) -> None:
        shutil.rmtree(self.partial(key), ignore_errors=True)

    def lock(self, name: str) -> FileLock:
        """A lock that excludes all other locks of this name, in threads and processes alike."""
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / name, thread_local=False)


def _seal(path: Path) -> dict[str, Any]:
    """Flush a file to the disk, make it read-only, and describe it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    path.chmod(0o444)
    status = path.stat()
    return {"sha256": sha256_of_file(path), "size": status.st_size, "modified_ns": status.st_mtime_ns}


def _is_same(path: Path, entry: dict[str, Any]) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_size != entry["size"]:
        return False
    return status.st_mtime_ns == entry["modified_ns"] or sha256_of_file(path) == entry["sha256"]


def _object(text: bytes) -> dict[str, Any] | None:
    """A JSON object; None for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file; None if it is absent, damaged, or no file, such as a pipe."""
    try:
        return _object(path.read_bytes()) if path.is_file() else None
    except OSError:
        return None


def write_json(path: Path, value: Any) -> None:
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=1).encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees either the old or the new contents, also after a power cut."""
    with atomic_file(path) as file:
        file.write(data)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write piece by piece, which takes its place at the end of the block as `write_atomically`
    does; after an error nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(temporary, "wb") as file:
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
