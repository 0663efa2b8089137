"""An order for a child on another machine: a folder of the store, which both sides see.

    lease     a number that the flow's process raises while it waits; deleted when the order is withdrawn
    begun     made by the worker that takes the order, so that it is never carried out twice
    lines     the child's output
    ended     made by the worker once the child and its processes have ended
    output/   files of the child

The two sides exchange only these files, so that a child outlives neither its lease nor its worker, even if
the cluster between them fails. Each check opens a file anew, because a network file system guarantees only
that opening a file shows what was closed before.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.core.files.appending import append

RENEWAL_SECONDS = 5.0
LEASE_SECONDS = 60.0
"""A worker ends a child whose lease was not renewed for this long: the flow's process is gone or asleep."""
VISIBLE_SECONDS = 3.0
"""How long a folder that another machine has just made may take to appear."""


class Order:
    """An order, as the flow's process sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"
        self._lease = folder / "lease"
        self._guard = threading.Lock()
        self._withdrawn = threading.Event()
        self._read_bytes, self._unfinished = 0, b""

    @contextmanager
    def leased(self) -> Iterator[None]:
        """Keep and renew the lease within this block, and withdraw the order at its end."""
        self._renew(0)
        renewal = threading.Thread(target=self._keep_renewing, daemon=True)
        renewal.start()
        try:
            yield
        finally:
            self.withdraw()
            renewal.join()

    def withdraw(self) -> None:
        """Delete the lease: the worker ends the child, or never starts it."""
        with self._guard:
            self._withdrawn.set()
            self._lease.unlink(missing_ok=True)

    @property
    def withdrawn(self) -> bool:
        """Whether `withdraw` was called."""
        return self._withdrawn.is_set()

    @property
    def begun(self) -> bool:
        """Whether a worker has taken it."""
        return (self.folder / "begun").exists()

    @property
    def ended(self) -> bool:
        """Whether the child and its processes have ended."""
        return (self.folder / "ended").exists()

    def new_lines(self) -> list[str]:
        """Whole lines of the child's output since the last call."""
        try:
            with open(self.folder / "lines", "rb") as file:
                file.seek(self._read_bytes)
                added = file.read()
        except FileNotFoundError:
            return []
        self._read_bytes += len(added)
        *lines, self._unfinished = (self._unfinished + added).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def _keep_renewing(self) -> None:
        number = 0
        while not self._withdrawn.wait(RENEWAL_SECONDS):
            number += 1
            with suppress(OSError):  # the file system may recover before the lease expires
                self._renew(number)

    def _renew(self, number: int) -> None:
        with self._guard:
            if not self._withdrawn.is_set():
                self._lease.write_text(str(number))


class TakenOrder:
    """An order, as the worker sees it."""

    def __init__(self, folder: Path, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self.folder = folder
        self._lease_seconds = lease_seconds
        self._lease, self._changed = b"", time.monotonic()

    def begin(self) -> bool:
        """Whether this worker is the first to take the order."""
        try:
            (self.folder / "begun").touch(exist_ok=False)
        except FileExistsError:
            return False
        (self.folder / "output").mkdir()
        return True

    def is_visible(self) -> bool:
        """Whether the lease is there, or appears within `VISIBLE_SECONDS`."""
        end = time.monotonic() + VISIBLE_SECONDS
        while not (self.folder / "lease").exists():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def has_lease(self) -> bool:
        """Whether the lease exists and was renewed within `lease_seconds` of this machine's clock."""
        now = time.monotonic()
        try:
            lease = (self.folder / "lease").read_bytes()
        except FileNotFoundError:
            return False
        except OSError:  # a network file system that fails for a moment; the lease lasts for its time
            lease = b""
        if lease not in (b"", self._lease):  # empty: it is being written
            self._lease, self._changed = lease, now
        return now - self._changed < self._lease_seconds

    def write_lines(self, lines: Iterable[str]) -> None:
        """Append lines of the child's output, each without a line end."""
        append(self.folder / "lines", "".join(f"{line}\n" for line in lines).encode(errors="replace"))

    def end(self) -> None:
        """Mark that the child and its processes have ended; the folder may be deleted already."""
        with suppress(OSError):
            (self.folder / "ended").touch()


def sizes(folder: Path) -> dict[str, int]:
    """Size in bytes of each file below a folder; an absent folder has none."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
