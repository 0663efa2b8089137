"""Small raw files of the competitions, of which the inputs are made."""

from collections.abc import Callable
from pathlib import Path

from tests.dogs import raw_files as dogs
from tests.extraction import raw_files as extraction
from tests.nl2sql import written as nl2sql

COMPETITIONS = ("dogs", "extraction", "nl2sql")


def raw_folder(competition: str) -> Callable[[Path], object]:
    """Writes valid raw files of a competition into a folder that does not exist."""
    return {"dogs": dogs.write, "extraction": extraction.write, "nl2sql": nl2sql.write}[competition]
