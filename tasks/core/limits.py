"""Limits on what files may ask of memory, each set by an environment variable and named in its message."""

import os
import re
from typing import NamedTuple

from tasks.core.errors import InvalidSettings


class Limit(NamedTuple):
    """The most of something that a file may have."""

    variable: str
    default: int
    unit: str

    def value(self, default: int | None = None) -> int:
        """What the variable says, else a default.

        Raises:
            InvalidSettings: the variable is no whole number above zero.
        """
        text = os.environ.get(self.variable, "")
        if not text:
            return default or self.default
        if not re.fullmatch("[0-9]{1,15}", text) or not int(text):
            expected = f"a whole number of {self.unit} above 0"
            raise InvalidSettings(f"{self.variable}: expected {expected}, received {text[:40]!r}")
        return int(text)

    def at_most(self, default: int | None = None) -> str:
        """The limit in a message, with the variable that sets it."""
        return f"at most {self.value(default):,} {self.unit} ({self.variable})"


LINE = Limit("PODIUM_MOST_LINE_BYTES", 1 << 20, "bytes")
"""Of a line of text; each reader has a default of its own. Memory takes up to forty times as much."""
SUBMISSION = Limit("PODIUM_MOST_SUBMISSION_BYTES", 1 << 30, "bytes")
"""Of a submission when it is unpacked."""
PHOTOGRAPH = Limit("PODIUM_MOST_PIXELS", 89_000_000, "pixels")
"""Just below where Pillow warns of a decompression bomb; cameras make 12 to 50 million."""
ARRAYS = Limit("PODIUM_MOST_ARRAY_BYTES", 1 << 30, "bytes")
"""Of all arrays of an `.npz` when they are unpacked."""
