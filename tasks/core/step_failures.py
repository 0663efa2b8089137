"""Why a step failed, where that is no fault of the code: a disk without room, or damaged artifacts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tasks.core.cache.store import Artifact, Store
from tasks.core.cache.verification import refuse_damaged
from tasks.core.errors import UserError
from tasks.core.execution.cancellation import LeftOut
from tasks.core.execution.child_process import ChildKilled
from tasks.core.execution.stopping import Stopped
from tasks.core.files.disk_errors import explained


@contextmanager
def explained_failures(label: str, arguments: dict[str, Any], store: Store) -> Iterator[None]:
    """Within the block, raise a UserError in place of an error that a disk has caused.

    Raises:
        DiskError: a folder is full or cannot be written to.
        DamagedArtifacts: artifacts among the arguments are damaged; they are removed.
    """
    try:
        yield
    except (LeftOut, Stopped):
        raise
    except Exception as error:
        if isinstance(error, UserError) and not isinstance(error, ChildKilled):
            raise
        if found := explained(error):
            raise found from error
        refuse_damaged(store, (each.name for each in artifacts_in(arguments)), what=label)
        raise


def artifacts_in(value: Any) -> Iterator[Artifact]:
    """The artifacts among the arguments of a step."""
    if isinstance(value, Artifact):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from artifacts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from artifacts_in(each)
