"""A submission file that is checked: opened if it is one, with one message if not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tasks.core import limits
from tasks.core.errors import InvalidSubmission
from tasks.core.raw_paths import cannot_be_read, kind_of


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """The file, to be read as bytes.

    Raises:
        InvalidSubmission: there is no file, it is larger than `limits.SUBMISSION`, or it cannot be read.
    """
    if (kind := kind_of(file)) != "a file":
        raise InvalidSubmission(f"{file}: expected a submission file, received {kind}")
    check_size(file.stat().st_size, file)
    try:
        with file.open("rb") as content:
            yield content
    except OSError as error:
        received = cannot_be_read(error)
        raise InvalidSubmission(f"{file}: expected a readable file, received {received}") from None


def check_size(size: int, place: object) -> None:
    """Raise InvalidSubmission if a submission takes more bytes than `limits.SUBMISSION`, unpacked."""
    if size > limits.SUBMISSION.value():
        expected = f"a submission of {limits.SUBMISSION.at_most()}"
        raise InvalidSubmission(f"{place}: expected {expected}, received {size:,} bytes")
