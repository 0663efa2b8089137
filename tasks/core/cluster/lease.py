"""An order for a child on another machine: a folder of the store, which both sides see.

    lease     a number that the flow's process raises while it waits; gone once the child is not wanted
    begun     made by the worker that takes the order, so that it is never carried out twice
    lines     what the child says
    ended     made by the worker when nothing of the child is left
    output/   what the child writes

Only these files join the two sides, so that a child outlives neither its lease nor its worker, whatever
becomes of the cluster between them. Each look opens a file anew: all that a network file system promises
is that whoever opens a file sees what was closed before.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RENEWAL_SECONDS = 5.0
LEASE_SECONDS = 60.0
"""A worker ends a child whose lease has not changed for so long: the flow's process is gone, or asleep."""
SIGHT_SECONDS = 3.0
"""A folder that another machine has just made may take so long to be seen."""


class Order:
    """The side of the flow's process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"
        self._lease = folder / "lease"
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._read_bytes, self._unfinished = 0, b""

    @contextmanager
    def upheld(self) -> Iterator[None]:
        """Within this block the child is wanted."""
        self._renew(0)
        keeper = threading.Thread(target=self._keep_up, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            self.withdraw()
            keeper.join()

    def withdraw(self) -> None:
        """The child is not wanted any more; its worker ends it, or never starts it."""
        with self._guard:
            self._over.set()
            self._lease.unlink(missing_ok=True)

    @property
    def withdrawn(self) -> bool:
        return self._over.is_set()

    @property
    def begun(self) -> bool:
        """Whether a worker has taken it."""
        return (self.folder / "begun").exists()

    @property
    def ended(self) -> bool:
        """Whether nothing of the child is left."""
        return (self.folder / "ended").exists()

    def new_lines(self) -> list[str]:
        """What the child has said since the last look, whole lines only."""
        try:
            with open(self.folder / "lines", "rb") as file:
                file.seek(self._read_bytes)
                added = file.read()
        except FileNotFoundError:
            return []
        self._read_bytes += len(added)
        *lines, self._unfinished = (self._unfinished + added).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def _keep_up(self) -> None:
        number = 0
        while not self._over.wait(RENEWAL_SECONDS):
            number += 1
            with suppress(OSError):  # the file system may come back before the lease is over
                self._renew(number)

    def _renew(self, number: int) -> None:
        with self._guard:
            if not self._over.is_set():
                self._lease.write_text(str(number))


class Taken:
    """The side of the worker."""

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

    def is_seen(self) -> bool:
        """Whether the lease is there, or comes in sight soon."""
        end = time.monotonic() + SIGHT_SECONDS
        while not (self.folder / "lease").exists():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def is_wanted(self) -> bool:
        """Whether the lease is there and was renewed lately, by the clock of this machine alone."""
        now = time.monotonic()
        try:
            lease = (self.folder / "lease").read_bytes()
        except FileNotFoundError:
            return False
        except OSError:  # a network file system that stumbles; the lease goes on for its time
            lease = b""
        if lease not in (b"", self._lease):  # empty: it is being written
            self._lease, self._changed = lease, now
        return now - self._changed < self._lease_seconds

    def say(self, lines: Iterable[str]) -> None:
        """Hand lines on, none of which has a line end in it."""
        with open(self.folder / "lines", "ab") as file:
            file.write("".join(f"{line}\n" for line in lines).encode(errors="replace"))

    def end(self) -> None:
        """Tell that nothing of the child is left; a folder that is gone has nobody to be told."""
        with suppress(OSError):
            (self.folder / "ended").touch()

    def written(self) -> dict[str, int]:
        """Size of each file the child wrote, by its path below the output folder."""
        return sizes(self.folder / "output")


def sizes(folder: Path) -> dict[str, int]:
    """Size in bytes of each file below a folder; an absent folder has none."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
