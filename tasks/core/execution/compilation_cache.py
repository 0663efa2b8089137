"""Compiled networks, kept in the store so that folds, resumed trainings and later runs compile nothing again.

JAX alone compiles: TensorFlow leaves XLA off for the sake of equal bytes, PyTorch computes operation by
operation. JAX names its files by digests of program, versions, flags and device; they decide no result.

    compiled/<user>-<processor>/    of one user, since what lies there is executed, and of one processor
"""

import hashlib
import os
import platform
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tasks.core.file_times import modified
from tasks.core.private_folder import mode_if_own

FOLDER = "compiled"
LIMIT_BYTES = 4 << 30
"""Bytes of a folder; beyond them JAX deletes what was not used for longest."""
PLACE = "JAX_COMPILATION_CACHE_DIR"
COMPILED, USED = "-cache", "-atime"
"""Ends of the names of JAX's two files for a compiled function; the second holds the time of its last use."""
ABANDONED_SECONDS = 600


def environment(store: Path, computing: str) -> dict[str, str]:
    """Variables with which a child process of the backend `computing` keeps in the store what it compiles.

    None where the backend compiles nothing, where the user has chosen another place, or where the folder is
    not this user's alone. Variables that the user has set otherwise are left alone.
    """
    folder = store / FOLDER / f"{os.getuid()}-{_processor()}"
    if computing != "jax" or PLACE in os.environ or not _is_private(folder):
        return {}
    _delete_incomplete(folder)
    wanted = {
        PLACE: str(folder),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(LIMIT_BYTES),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        # XLA's own caches would put the folder's path into the names, and a moved store would compile anew
        "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES": "none",
    }
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


def entries(store: Path) -> Iterator[tuple[str, list[Path], float]]:
    """What was compiled: a name below the store, the files in the order of deletion, the time of last use."""
    for path in sorted((store / FOLDER).glob("*/**/*")):
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith(USED):
            used = path.with_name(path.name.removesuffix(COMPILED) + USED)
            files = [path, used] if path.name.endswith(COMPILED) else [path]
            yield path.relative_to(store).as_posix(), files, max(map(modified, files))


def size(store: Path) -> int:
    """Bytes of all that was compiled."""
    found = 0
    for path in (store / FOLDER).glob("*/**/*"):
        with suppress(OSError):  # deleted meanwhile
            found += path.stat().st_size if path.is_file() else 0
    return found


def _is_private(folder: Path) -> bool:
    """Make the folder if need be; whether this user owns it and nobody else can write to it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        mode = mode_if_own(folder)
    except OSError:  # a full or read-only disk
        return False
    return mode is not None and not mode & 0o022


def _delete_incomplete(folder: Path) -> None:
    """Delete what a process was writing when it was killed; JAX would write neither it nor others again."""
    for path in folder.glob(f"*{COMPILED}"):
        used = path.with_name(path.name.removesuffix(COMPILED) + USED)
        if not used.exists() and 0 < modified(path) < time.time() - ABANDONED_SECONDS:
            path.unlink(missing_ok=True)


def _processor() -> str:
    """A short digest of the kind of processor, on which compiled code depends."""
    lines: list[str] = [platform.machine()]
    with suppress(OSError):
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").split("\n\n")[0]
        lines += [line for line in text.splitlines() if line.startswith(("model name", "flags", "Features"))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
