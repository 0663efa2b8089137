"""Answers of Prefect's server that come in pages."""

from collections.abc import Callable, Iterator
from typing import Any

PAGE = 200
"""Most deployments or runs that the server lists in one answer."""


def paged(read: Callable[..., list[Any]], **query: Any) -> Iterator[Any]:
    """All that a reading method of the client finds; the query needs a `sort`, or pages overlap."""
    offset = 0
    while page := read(**query, limit=PAGE, offset=offset):
        yield from page
        offset += len(page)
