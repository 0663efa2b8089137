"""The worker process of a loader: makes what is asked for, and hands it over in shared memory.

A request is a place and the number of a free piece of shared memory, as JSON; a reply tells where the arrays
are, or an error. The worker ends when the connection closes: with the loader's process, even where that is
killed.
"""

import json
import os
import queue
import traceback
from collections.abc import Callable
from multiprocessing import reduction
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from tasks.core.errors import UserError
from tasks.core.execution.garbage_collection import raise_gc_threshold
from tasks.learning.loading.shared_arrays import Writer


def serve(connection: Connection, function: Callable[[Any], Callable[..., Any]], job: Any) -> None:
    """Entry of the process: answer requests in their order with what `function(job)` makes of places."""
    raise_gc_threshold()
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    Thread(target=_receive, args=(connection, requests), daemon=True).start()
    make: Callable[..., Any] | None = None
    writer = Writer()
    while True:
        place, segment = json.loads(requests.get())
        try:
            make = make or function(job)
            written = writer.write(make(*place), segment)
        except Exception as error:
            _send(connection, {"error": _described(error)}, None)
        else:
            _send(connection, {"written": written}, written.descriptor)


def _receive(connection: Connection, requests: "queue.SimpleQueue[bytes]") -> None:
    """Queue requests as they come, and end the process at once when the other side is gone."""
    while True:
        try:
            requests.put(connection.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)


def _send(connection: Connection, reply: dict[str, Any], descriptor: int | None) -> None:
    try:
        connection.send_bytes(json.dumps(reply).encode())
        if descriptor is not None:
            reduction.send_handle(connection, descriptor, None)
    except OSError:
        os._exit(0)


def _described(error: Exception) -> dict[str, Any]:
    """An error as JSON; of one that the user can correct, the message is all."""
    return {
        "type": type(error).__name__,
        "message": str(error),
        "user_error": isinstance(error, UserError),
        "traceback": traceback.format_exc(),
    }
