"""The manifest of an artifact: SHA-256, size and modification time of each file, and what differs from it."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.core.cache.digests import digest_of_json, sha256_of_file

Entry = Mapping[str, Any]
"""Of a file: `sha256`, `size` in bytes, `modified_ns`."""


def digest_of(files: Mapping[str, Entry]) -> str:
    """The digest of an artifact, by the SHA-256 of its files."""
    return digest_of_json({name: entry["sha256"] for name, entry in files.items()})


def seal(path: Path) -> dict[str, Any]:
    """Flush a file to the disk, make it read-only, and describe it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    path.chmod(0o444)
    status = path.stat()
    return {"sha256": sha256_of_file(path), "size": status.st_size, "modified_ns": status.st_mtime_ns}


def first_change(folder: Path, files: Mapping[str, Entry], *, reading: bool) -> str:
    """What differs first between the files in a folder and their entries; empty if nothing does.

    Args:
        reading: whether all files are read, and not only those whose time differs.
    """
    for name, entry in files.items():
        if change := _change(folder / name, entry, reading):
            return f"{name} {change}"
    return ""


def _change(path: Path, entry: Entry, reading: bool) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
            return "is no file"
        if status.st_size != entry["size"]:
            return "has another size"
        must_read = reading or status.st_mtime_ns != entry["modified_ns"]
        return "has other contents" if must_read and sha256_of_file(path) != entry["sha256"] else ""
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
