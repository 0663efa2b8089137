"""How many shapes of batches a training compiles; few, and none after the first epoch, are wanted."""

from collections.abc import Callable

Shapes = tuple[tuple[int, ...], ...]
"""Shapes of the arrays of a batch."""


class ShapeReport:
    """Reports the shapes of batches of a training, after its first epoch and at its end."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._seen: set[Shapes] = set()
        self._in_first_epoch: int | None = None

    def after_epoch(self, shapes: set[Shapes]) -> None:
        """Take the shapes so far of the stage that is trained."""
        self._seen |= shapes
        if self._in_first_epoch is None:
            self._in_first_epoch = len(self._seen)
            self._report(f"shapes of batches: {self._in_first_epoch} in the first epoch")

    def at_end(self) -> None:
        """Report all shapes; nothing if no epoch was trained."""
        if self._in_first_epoch is not None:
            new = len(self._seen) - self._in_first_epoch
            self._report(f"shapes of batches: {len(self._seen)}, of which {new} came after the first epoch")
