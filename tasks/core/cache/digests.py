"""SHA-256 digests of files, folders and JSON values; unchanged raw files are not read twice."""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RECENT_NS = 2_000_000_000
"""The digest of a file that has just changed is not cached: its next change may get the same time."""


def digest_of_json(value: Any) -> str:
    """SHA-256 of the value's canonical JSON (sorted keys, no spaces)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Relative name and status of each file below a folder (or of the file itself), but hidden ones."""
    if path.is_file():
        yield "", path.stat()
        return
    for folder, folders, names in os.walk(path, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = Path(folder).relative_to(path).as_posix()
        prefix = "" if below == "." else f"{below}/"
        for name in sorted(names):
            if not name.startswith("."):
                try:
                    # making a Path of each of 100,000 names takes longer than all else
                    yield f"{prefix}{name}", os.stat(f"{folder}/{name}")  # noqa: PTH116
                except FileNotFoundError:  # a dangling link; reported when a step reads it
                    continue


def _named_files(path: Path, names: Sequence[str]) -> dict[str, os.stat_result]:
    """Relative name and status of the files and of all files in the folders of these names."""
    return {
        f"{name}/{inner}".rstrip("/"): status
        for name in sorted(set(names))
        for inner, status in files_below(path / name)
    }


def contents(
    path: Path, memory: dict[str, list[Any]], *, names: Sequence[str] | None = None
) -> dict[str, str]:
    """The SHA-256 of each file below a path, by relative name; empty if the path does not exist.

    Args:
        memory: maps names to `[size, modified_ns, sha256]` of an earlier call and is updated in place; files
            of equal size and time are not read again.
        names: the files and folders below the path that count; None: all.
    """
    files = dict(files_below(path)) if names is None else _named_files(path, names)
    sizes_and_times = {name: [status.st_size, status.st_mtime_ns] for name, status in files.items()}
    unread = [name for name in files if memory.get(name, [])[:2] != sizes_and_times[name]]
    with ThreadPoolExecutor(max_workers=4) as pool:
        digests = pool.map(lambda name: sha256_of_file(path / name if name else path), unread)
        hashed = dict(zip(unread, digests, strict=True))
    result = {name: hashed.get(name) or memory[name][2] for name in files}
    now = time.time_ns()
    memory.clear()
    for name, (size, modified_ns) in sizes_and_times.items():
        if now - modified_ns > RECENT_NS:
            memory[name] = [size, modified_ns, result[name]]
    return result
