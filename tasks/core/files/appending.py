"""Append lines to journals that several threads and processes write."""

import os
from pathlib import Path


def append(path: Path, line: bytes) -> None:
    """Append a line, in a single write so that lines of threads and processes do not mix.

    After a line that a full disk has cut, it begins on a line of its own.

    Raises:
        OSError: there is no room for it, or it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b", buffering=0) as file:
        if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
            line = b"\n" + line
        while line:  # a disk that fills up takes a part, and then raises
            line = line[file.write(line) :]
