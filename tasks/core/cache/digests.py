"""SHA-256 digests of files, folders and JSON values; unchanged raw files are not read twice."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from tasks.core.errors import InvalidData, Problem
from tasks.core.file_walk import files_below, named_files
from tasks.core.raw_paths import cannot_be_read

RECENT_NS = 2_000_000_000
"""The digest of a file that has just changed is not cached: its next change may get the same time."""
DIGEST = 65
"""Characters of a SHA-256 and of the space before it."""
PIECE = 4096
"""Files that wait for a thread at one time; each takes 2 KB."""


def digest_of_json(value: Any) -> str:
    """SHA-256 of the value's canonical JSON (sorted keys, no spaces)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of_raw_file(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise InvalidData([Problem(path, None, "a readable file", cannot_be_read(error))]) from None


def state_of(status: os.stat_result) -> list[int]:
    """What changes with a file, even if its size and its time of modification are put back.

    The inode differs where a link is turned to another file or a file is replaced, the time of the last
    change of state where bytes are written anew.
    """
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def state_at(path: Path) -> tuple[int, ...]:
    """`state_of` what lies at a path; nothing where nothing can be asked of it."""
    try:
        return tuple(state_of(path.stat()))
    except OSError:
        return ()


def contents(path: Path, memory: dict[str, str], *, names: Sequence[str] | None = None) -> dict[str, str]:
    """The SHA-256 of each file below a path, by relative name; empty if the path does not exist.

    Args:
        memory: maps names to "size modified_ns changed_ns inode sha256" of an earlier call and is updated
            in place; files of which all but the last are equal are not read again.
        names: the files and folders below the path that count; None: all.

    Raises:
        InvalidData: something below the path is neither a file nor a folder, or cannot be read.
    """
    found = files_below(path) if names is None else named_files(path, names)
    now = time.time_ns()
    states, recent = dict[str, str](), set[str]()
    for name, status in found:
        states[name] = " ".join(map(str, state_of(status)))
        if max(status.st_mtime_ns, status.st_ctime_ns) >= now - RECENT_NS:
            recent.add(name)
    unread = [name for name, state in states.items() if memory.get(name, "")[:-DIGEST] != state]
    hashed = dict(zip(unread, _digests(path / name if name else path for name in unread), strict=True))
    result = {name: hashed.get(name) or memory[name][1 - DIGEST :] for name in states}
    memory.clear()
    memory |= {name: f"{state} {result[name]}" for name, state in states.items() if name not in recent}
    return result


def _digests(paths: Iterable[Path]) -> Iterator[str]:
    remaining = iter(paths)
    with ThreadPoolExecutor(max_workers=4) as pool:
        while piece := list(islice(remaining, PIECE)):
            yield from pool.map(_sha256_of_raw_file, piece)
