"""Storage of a study: a journal file that survives kills, or a database."""

import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.core.cache.store import write_atomically
from tasks.core.files.locks import file_lock
from tasks.core.files.stored_files import Damaged, file_bytes, warn_once
from tasks.core.locations import display_path
from tasks.core.masking import masked

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

MOST_BYTES = 1 << 30
"""Of a journal; a trial takes a few kilobytes."""


def open_storage(url: str, journal: Path) -> "BaseStorage":
    """Open the database at the URL or, if that is empty, the journal file, as far as it is whole.

    Raises:
        ValueError: Optuna does not support the URL, or the database does not answer.
    """
    from optuna.storages import RDBStorage

    if url:
        try:
            return RDBStorage(url)
        except Exception as error:  # each database driver has its own exceptions
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(masked(reason, address=url)) from None
    lock = KernelLock(journal)
    lock.acquire()
    try:
        _drop_damaged(journal)
    finally:
        lock.release()
    try:
        return _journal_storage(journal, lock)
    except OSError:
        raise
    except Exception as error:  # Optuna does not check what it reads: KeyError, TypeError, AssertionError …
        _set_aside(journal, f"Optuna cannot follow it ({type(error).__name__})", b"")
        return _journal_storage(journal, lock)


def _journal_storage(journal: Path, lock: "KernelLock") -> "BaseStorage":
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))  # type: ignore[arg-type]


class KernelLock:
    """Lock of a journal file that ends with its process; Optuna's own, a link, would last 30 s longer.

    Whoever has it may append, so that a line which a full disk or a kill has cut is removed first: one after
    it would be glued to it.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._lock = file_lock(journal.with_name(f"{journal.name}.lock"))

    def acquire(self) -> bool:
        self._lock.acquire()
        try:
            _truncate_partial_line(self._journal)
        except BaseException:
            self._lock.release()
            raise
        return True

    def release(self) -> None:
        self._lock.release()


def _truncate_partial_line(journal: Path) -> None:
    """Remove a last line that was not written completely."""
    if not journal.is_file():
        return
    with open(journal, "r+b") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end and os.pread(file.fileno(), 1, end - 1) != b"\n":
            end -= 1
        if end < size:
            file.truncate(end)


def _drop_damaged(journal: Path) -> None:
    """Let the study go on from the lines before the first damaged one; the file stays under another name."""
    try:
        content = file_bytes(journal, MOST_BYTES)
    except FileNotFoundError:
        return
    except Damaged as error:
        _set_aside(journal, str(error), b"")
        return
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if not _is_operation(line):
            whole = b"".join(lines[: number - 1])
            _set_aside(journal, f"line {number} of {len(lines)} is damaged", whole)
            return


def _is_operation(line: bytes) -> bool:
    """Whether the line is one of Optuna's; its numbers may be infinite."""
    try:
        operation = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(operation, dict) and type(operation.get("op_code")) is int


def _set_aside(journal: Path, why: str, whole: bytes) -> None:
    """Rename a damaged journal, and write what is whole of it."""
    kept = journal.with_name(f"{journal.name}.damaged-{uuid.uuid4().hex[:8]}")
    journal.rename(kept)
    if whole:
        write_atomically(journal, whole)
    lines = whole.count(b"\n")
    again = f"goes on from the {lines} lines before" if whole else "begins anew; its trials are in the cache"
    warn_once(f"{display_path(journal)}: {why}; the study {again}. The damaged file is kept as {kept.name}")
