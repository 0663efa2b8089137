"""Storage of a study: a journal file that survives kills, or a database."""

from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tasks.core.masking import masked

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


def open_storage(url: str, journal: Path) -> "BaseStorage":
    """Open the database at the URL or, if that is empty, the journal file.

    Raises:
        ValueError: Optuna does not support the URL, or the database does not answer.
    """
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    if url:
        try:
            return RDBStorage(url)
        except Exception as error:  # each database driver has its own exceptions
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(masked(reason, address=url)) from None
    lock = KernelLock(journal)
    _truncate_partial_line(journal, lock)
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))  # type: ignore[arg-type]


class KernelLock:
    """Lock of a journal file that ends with its process; Optuna's own, a link, would last 30 s longer."""

    def __init__(self, journal: Path) -> None:
        self._lock = FileLock(journal.with_name(f"{journal.name}.lock"), thread_local=False)

    def acquire(self) -> bool:
        self._lock.acquire()
        return True

    def release(self) -> None:
        self._lock.release()


def _truncate_partial_line(journal: Path, lock: KernelLock) -> None:
    """Remove a last line that was not written completely; a line after it would corrupt the file."""
    lock.acquire()
    try:
        if journal.exists() and (content := journal.read_bytes()) and not content.endswith(b"\n"):
            with open(journal, "r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)
    finally:
        lock.release()
