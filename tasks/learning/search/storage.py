"""Where a study lies: a journal file that survives kills, or a database."""

from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


def open_storage(url: str, journal: Path) -> "BaseStorage":
    """The database at the URL, or where that is empty the journal file.

    Raises:
        ValueError: Optuna does not know such a URL, or the database does not answer.
    """
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    if url:
        try:
            return RDBStorage(url)
        except Exception as error:  # of the driver that the URL names, whichever that is
            raise ValueError(str(error).splitlines()[0]) from error
    lock = KernelLock(journal)
    _mend(journal, lock)
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))  # type: ignore[arg-type]


class KernelLock:
    """What a journal file asks of a lock. Optuna's own, a link, would outlive a killed holder by 30 s."""

    def __init__(self, journal: Path) -> None:
        self._lock = FileLock(journal.with_name(f"{journal.name}.lock"), thread_local=False)

    def acquire(self) -> bool:
        self._lock.acquire()
        return True

    def release(self) -> None:
        self._lock.release()


def _mend(journal: Path, lock: KernelLock) -> None:
    """Cut off a last line that was not written to its end; another one behind it would ruin the file."""
    lock.acquire()
    try:
        if journal.exists() and (content := journal.read_bytes()) and not content.endswith(b"\n"):
            with open(journal, "r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)
    finally:
        lock.release()
