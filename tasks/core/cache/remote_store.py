"""The mirror: a remote copy of results for stores that share no disk, on S3 or whatever else fsspec supports.

    artifacts/<kind>-<digest>/            as in the store
    artifacts/<kind>-<digest>.json        SHA-256 and size of each file; written when all are there
    steps/<key>.json                      the record; written last

A step without a result in the store is looked up here before it is computed, and computed results are
uploaded. The mirror never fails a run: while it cannot be reached, the run goes on without it and notes
pending uploads in the store (`owed/<key>`), which the next successful upload includes. Checkpoints and locks
stay in their store: machines that share only a mirror may compute the same step at the same time. Podium
deletes nothing here; that is for the bucket's own rules.
"""

import json
import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from filelock import Timeout

from tasks.core.cache.file_kinds import MANIFEST, MOST_BYTES, RECORD
from tasks.core.cache.manifests import digest_of
from tasks.core.cache.store import Artifact, Store
from tasks.core.errors import UserError
from tasks.core.files.stored_files import Damaged, FileKind, warn_once
from tasks.core.masking import masked

VARIABLE = "PODIUM_MIRROR"
PROBE = "podium.json"
"""File that `check` writes."""
RETRY_SECONDS = 300.0
"""Time without attempts after the mirror could not be reached: each attempt may wait for the network."""
UNUSABLE = dict.fromkeys(("http", "https", "data", "github", "git", "reference"), "can only be read") | {
    "memory": "ends with this process",
    "zip": "is one file, not a place for many",
    "tar": "is one file, not a place for many",
}
"""Kinds of addresses that cannot keep results, and why."""

log = logging.getLogger("podium")
T = TypeVar("T")


class Mirror:
    """The mirror of a store; safe for many threads and processes at once."""

    def __init__(self, url: str, store: Store) -> None:
        """Open the address; raises UserError if its kind is unknown or needs a package that is missing."""
        self.url, self.store = url, store
        self._files, self._root = _filesystem(url)
        self._retry_at = 0.0
        self._damaged: set[str] = set()

    @classmethod
    def current(cls) -> "Mirror | None":
        """The mirror of this process at `$PODIUM_MIRROR`; None if that is not set."""
        url = os.environ.get(VARIABLE)
        return _opened(url, Store.current().root) if url else None

    def check(self) -> None:
        """Write and read a file; raises UserError if the mirror cannot be written to or read."""
        probe = json.dumps({"podium": "mirror"}).encode()
        try:
            self._files.pipe_file(self._at(PROBE), probe)
            received = self._files.cat_file(self._at(PROBE))
        except Exception as error:  # each kind of storage has its own exceptions
            raise UserError(
                f"{VARIABLE}: expected a place that can be written to, received {masked(self.url)} "
                f"({masked(_describe(error), address=self.url)})"
            ) from None
        if received != probe:
            raise UserError(f"{VARIABLE}: {masked(self.url)} returned other contents than were written to it")

    def lookup(self, key: str) -> Artifact | None:
        """The artifact of this key, without downloading it; None if the mirror has none."""
        found = self._try("look up", lambda: self._record(key))
        return found[1] if found else None

    def fetch(self, key: str, label: str) -> bool:
        """Download the result of this key into the store; whether it was there, undamaged."""
        return bool(self._try(f"fetch {label}", lambda: self._fetch(key, label)))

    def upload(self, key: str) -> None:
        """Upload the result of this key from the store, and all pending uploads."""
        marker = self._pending / key
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        self.upload_pending()

    def upload_pending(self) -> int:
        """Upload what could not be uploaded before; returns the number of uploads that are still pending."""
        self._try("copy results", self._upload_all)
        return len(self._markers())

    def _markers(self) -> list[Path]:
        return sorted(marker for marker in self._pending.glob("*") if marker.is_file())

    @property
    def _pending(self) -> Path:
        """Folder with an empty file for each pending upload, named by its key."""
        return self.store.root / "owed"

    def _try(self, what: str, act: Callable[[], T]) -> T | None:
        """What `act` returns; None if it fails, and for `RETRY_SECONDS` after a failure."""
        if time.monotonic() < self._retry_at:
            return None
        try:
            return act()
        except Exception as error:  # each kind of storage has its own exceptions, and none may fail a run
            self._retry_at = time.monotonic() + RETRY_SECONDS
            reason = masked(_describe(error), address=self.url)
            log.warning("mirror: cannot %s (%s); the run goes on without it", what, reason)
            return None

    def _record(self, key: str) -> tuple[dict[str, Any], Artifact] | None:
        """The record of this key and its artifact; None without one that is whole."""
        record = self._json(f"steps/{key}.json", RECORD)
        if record is None or record["key"] != key:
            return None
        return record, Artifact.model_validate(record["result"])

    def _fetch(self, key: str, label: str) -> bool:
        found = self._record(key)
        if found is None:
            return False
        record, artifact = found
        if not self.store.is_whole(artifact):
            if not self._download(artifact):
                log.warning("mirror: the result of %s is damaged there; it is computed again", label)
                self._damaged.add(artifact.name)
                return False
            log.info("%s fetched from the mirror", label)
        self.store.write_record(key, record)
        return True

    def _download(self, artifact: Artifact) -> bool:
        """Download an artifact into the store; whether its contents have the digest of its name."""
        manifest = self._json(f"artifacts/{artifact.name}.json", MANIFEST)
        if manifest is None:
            return False
        files = manifest["files"]
        if digest_of(files) != artifact.digest:
            return False
        with self.store.new_folder() as folder:
            for name in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                try:
                    self._files.get_file(self._at(f"artifacts/{artifact.name}/{name}"), str(folder / name))
                except FileNotFoundError:
                    return False
            stored = self.store.keep(artifact.kind, folder)
        if stored != artifact:
            self.store.remove(stored)
        return stored == artifact

    def _upload_all(self) -> None:
        """Do all pending uploads but those that another process is doing."""
        for marker in self._markers():
            try:
                with self.store.lock(f"mirror-{marker.name}").acquire(timeout=0):
                    self._upload(marker.name)
                    marker.unlink(missing_ok=True)
            except Timeout:
                continue

    def _upload(self, key: str) -> None:
        record = self.store.record(key) or {}
        artifact = self.store.result_of(record)
        if artifact is None:
            return  # evicted meanwhile
        name = f"artifacts/{artifact.name}"
        manifest = self.store.manifest(artifact.name)
        if manifest is None:
            return  # damaged meanwhile
        uploaded = {} if artifact.name in self._damaged else self._sizes(name)
        for file, entry in manifest["files"].items():
            if uploaded.get(file) != entry["size"]:
                self._files.put_file(str(artifact.path / file), self._at(f"{name}/{file}"))
        files = {file: {"sha256": e["sha256"], "size": e["size"]} for file, e in manifest["files"].items()}
        self._write(f"{name}.json", {"digest": artifact.digest, "files": files})
        self._write(f"steps/{key}.json", record)
        self._damaged.discard(artifact.name)

    def _sizes(self, folder: str) -> dict[str, int]:
        """Bytes of each file below the mirror's folder, by name."""
        root = self._at(folder)
        try:
            files = self._files.find(root, detail=True).items()
        except FileNotFoundError:
            return {}
        return {PurePosixPath(path).relative_to(root).as_posix(): entry["size"] for path, entry in files}

    def _json(self, name: str, kind: FileKind) -> dict[str, Any] | None:
        """A file of this kind; None if it is absent, incomplete or damaged, which is logged once."""
        try:
            found: dict[str, Any] = kind.parse(self._content(self._at(name)))
        except FileNotFoundError:
            return None
        except Damaged as error:
            warn_once(f"mirror: {name}: {error}; it is passed over")
            return None
        return found

    def _content(self, path: str) -> bytes:
        """At most `MOST_BYTES` of a file."""
        try:
            return bytes(self._files.cat_file(path, start=0, end=MOST_BYTES))
        except FileNotFoundError:
            raise
        except Exception:
            with suppress(Exception):
                if self._files.size(path) == 0:  # S3 has no range of an empty file
                    return b""
            raise

    def _write(self, name: str, value: Any) -> None:
        self._files.pipe_file(self._at(name), json.dumps(value, ensure_ascii=False, indent=1).encode())

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


SLASH_MISSING = re.compile(r"[a-z][a-z0-9+]+:/(?!/)")


@cache
def _opened(url: str, root: Path) -> Mirror:
    return Mirror(url, Store(root))


def _filesystem(url: str) -> tuple[Any, str]:
    """fsspec's file system of an address, and the path within it."""
    from fsspec.core import split_protocol, url_to_fs

    kind = split_protocol(url.partition("::")[0])[0]
    try:
        if url.startswith(":"):
            raise ValueError("it names no kind of storage")
        if SLASH_MISSING.match(url):  # else a folder `s3:` would be made here
            raise ValueError("two slashes follow the kind of storage")
        if kind in UNUSABLE:
            raise ValueError(f"{kind} {UNUSABLE[kind]}")
        is_local = kind in (None, "file", "local")
        files, root = url_to_fs(url, **({"auto_mkdir": True} if is_local else {}))
    except Exception as error:  # each kind of storage has its own exceptions
        expected = "an address like s3://bucket/podium, whose package is installed (podium[s3])"
        raise UserError(
            f"{VARIABLE}: expected {expected}, received {masked(url)[:200]!r} "
            f"({masked(_describe(error), address=url)[:400]})"
        ) from None
    files.use_listings_cache = False
    return files, str(root).rstrip("/")


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
