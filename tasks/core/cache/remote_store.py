"""A second place for results, shared by stores that share no disk: S3, or whatever else fsspec reaches.

    artifacts/<kind>-<digest>/            as in the store
    artifacts/<kind>-<digest>.json        SHA-256 and size of each file; written when all are there
    steps/<key>.json                      the record; written last

A step that the store lacks is looked up here before it is computed, and what is computed is copied here. A
mirror never ends a run: when it cannot be reached, the run goes on without it, and remembers in the store
(`owed/<key>`) what is to be copied yet; the next copy that succeeds takes it along. Checkpoints and locks
stay with their store: machines that share only a mirror may compute the same step at the same time.
Nothing is ever deleted here; that is for the bucket's own rules.
"""

import json
import logging
import os
import re
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from filelock import Timeout

from tasks.core.cache.store import Artifact, Store, read_json
from tasks.core.errors import UserError

VARIABLE = "PODIUM_MIRROR"
PROBE = "podium.json"
"""Written by `check`, to find out whether anything can be."""
REST_SECONDS = 300.0
"""So long a mirror that could not be reached is left alone: each attempt may wait for the network."""
NAME = re.compile(r"[a-z0-9_-]{1,64}-[0-9a-f]{32}")

log = logging.getLogger("podium")
T = TypeVar("T")


class Mirror:
    """The mirror of a store; safe for many threads and processes at once."""

    def __init__(self, url: str, store: Store) -> None:
        """Reach for it.

        Raises:
            UserError: the address is of no kind that is known, or its package is not installed.
        """
        self.url, self.store = url, store
        self._files, self._root = _filesystem(url)
        self._rests_until = 0.0
        self._damaged: set[str] = set()

    @classmethod
    def current(cls) -> "Mirror | None":
        """The mirror of this process, `$PODIUM_MIRROR`; None where that is not set."""
        url = os.environ.get(VARIABLE)
        return _opened(url, Store.current().root) if url else None

    def check(self) -> None:
        """Find out before anything runs whether it can be written to and read.

        Raises:
            UserError: it cannot.
        """
        probe = json.dumps({"podium": "mirror"}).encode()
        try:
            self._files.pipe_file(self._at(PROBE), probe)
            received = self._files.cat_file(self._at(PROBE))
        except Exception as error:  # every kind of storage raises its own
            raise UserError(
                f"{VARIABLE}: expected a place that can be written to, received {self.url} ({_told(error)})"
            ) from None
        if received != probe:
            raise UserError(f"{VARIABLE}: {self.url} returned other contents than were written to it")

    def promised(self, key: str) -> Artifact | None:
        """The artifact that this key stands for here; nothing is copied."""
        found = self._reached("look up", lambda: self._record(key))
        return found[1] if found else None

    def fetch(self, key: str, label: str) -> bool:
        """Copy the result of this key into the store; whether it was there, and whole."""
        return bool(self._reached(f"fetch {label}", lambda: self._fetch(key, label)))

    def give(self, key: str) -> None:
        """Copy the result of this key from the store, and what could not be copied before."""
        marker = self._owed / key
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        self.settle()

    def settle(self) -> int:
        """Copy what could not be copied before; how many results are still owed."""
        self._reached("copy results", self._copy_owed)
        return len(list(self._owed.glob("*")))

    @property
    def _owed(self) -> Path:
        return self.store.root / "owed"

    def _reached(self, what: str, act: Callable[[], T]) -> T | None:
        """What the action returns; None while the mirror is left alone, or where it fails."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            return act()
        except Exception as error:  # every kind of storage raises its own, and none may end a run
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("mirror: cannot %s (%s); the run goes on without it", what, _told(error))
            return None

    def _record(self, key: str) -> tuple[dict[str, Any], Artifact] | None:
        record = self._json(f"steps/{key}.json") or {}
        artifact = Artifact.of_record(record)
        if artifact and record.get("key") == key and NAME.fullmatch(artifact.name):
            return record, artifact
        return None

    def _fetch(self, key: str, label: str) -> bool:
        found = self._record(key)
        if found is None:
            return False
        record, artifact = found
        if not self.store.is_whole(artifact):
            if not self._bring(artifact):
                log.warning("mirror: the result of %s is damaged there; it is computed again", label)
                self._damaged.add(artifact.name)
                return False
            log.info("%s fetched from the mirror", label)
        self.store.write_record(key, record)
        return True

    def _bring(self, artifact: Artifact) -> bool:
        """Copy an artifact into the store; whether it is what its name says."""
        manifest = self._json(f"artifacts/{artifact.name}.json") or {}
        files = manifest.get("files")
        if not isinstance(files, dict) or not all(map(_is_below, files)):
            return False
        with self.store.new_folder() as folder:
            for name in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                try:
                    self._files.get_file(self._at(f"artifacts/{artifact.name}/{name}"), str(folder / name))
                except FileNotFoundError:
                    return False
            kept = self.store.keep(artifact.kind, folder)
        if kept != artifact:
            self.store.remove(kept)
        return kept == artifact

    def _copy_owed(self) -> None:
        """Copy all that is owed; what another process copies just now is left to it."""
        for marker in sorted(self._owed.glob("*")):
            try:
                with self.store.lock(f"mirror-{marker.name}").acquire(timeout=0):
                    self._copy(marker.name)
                    marker.unlink(missing_ok=True)
            except Timeout:
                continue

    def _copy(self, key: str) -> None:
        record = self.store.record(key) or {}
        artifact = self.store.result_of(record)
        if artifact is None:
            return  # evicted meanwhile
        name = f"artifacts/{artifact.name}"
        manifest = read_json(self.store.root / f"{name}.json") or {}
        there = {} if artifact.name in self._damaged else self._sizes(name)
        for file, entry in manifest["files"].items():
            if there.get(file) != entry["size"]:
                self._files.put_file(str(artifact.path / file), self._at(f"{name}/{file}"))
        files = {file: {"sha256": e["sha256"], "size": e["size"]} for file, e in manifest["files"].items()}
        self._write(f"{name}.json", {"digest": artifact.digest, "files": files})
        self._write(f"steps/{key}.json", record)
        self._damaged.discard(artifact.name)

    def _sizes(self, folder: str) -> dict[str, int]:
        """Bytes of each file that is there already, by its name below the folder."""
        place = self._at(folder)
        try:
            found = self._files.find(place, detail=True)
        except FileNotFoundError:
            return {}
        names = {PurePosixPath(path).relative_to(place).as_posix(): path for path in found}
        return {name: found[path]["size"] for name, path in names.items()}

    def _json(self, name: str) -> dict[str, Any] | None:
        """A JSON object; None when it is absent or half written."""
        try:
            found = json.loads(self._files.cat_file(self._at(name)))
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, name: str, value: Any) -> None:
        self._files.pipe_file(self._at(name), json.dumps(value, ensure_ascii=False, indent=1).encode())

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


@cache
def _opened(url: str, root: Path) -> Mirror:
    return Mirror(url, Store(root))


def _filesystem(url: str) -> tuple[Any, str]:
    """fsspec's object for the address, and the path within it."""
    from fsspec.core import split_protocol, url_to_fs

    is_local = split_protocol(url)[0] in (None, "file", "local")
    try:
        files, root = url_to_fs(url, **({"auto_mkdir": True} if is_local else {}))
    except (ImportError, ValueError) as error:
        expected = "an address like s3://bucket/podium, whose package is installed (podium[s3])"
        raise UserError(f"{VARIABLE}: expected {expected}, received {url!r} ({error})") from None
    files.use_listings_cache = False
    return files, str(root).rstrip("/")


def _is_below(name: Any) -> bool:
    """Whether the name leads to a place inside its folder."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
