"""Files of this machine as fsspec sees them, that behave as the file of `PODIUM_CHAOS_MIRROR` says."""

import os
import time
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

SLOW_SECONDS = 1.5


class ChaosFiles(LocalFileSystem):
    """A mirror that refuses, is slow, or returns other bytes."""

    protocol = "chaos"

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_mkdir=True, **options)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(str(path).removeprefix("chaos://"))

    def cat_file(self, path: str, start: Any = None, end: Any = None, **options: Any) -> bytes:
        return _other(super().cat_file(path, start=start, end=end, **options))

    def get_file(self, path: str, target: str, **options: Any) -> None:
        _behave()
        super().get_file(path, target, **options)
        if _behaviour() == "other bytes":
            Path(target).write_bytes(_other(Path(target).read_bytes()))

    def put_file(self, path: str, target: str, **options: Any) -> None:
        _behave()
        super().put_file(path, target, **options)

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        _behave()
        super().pipe_file(path, value, **options)


def _behaviour() -> str:
    return Path(os.environ["PODIUM_CHAOS_MIRROR"]).read_text()


def _behave() -> None:
    if _behaviour() == "refuse":
        raise ConnectionRefusedError("the mirror refuses")
    if _behaviour() == "slow":
        time.sleep(SLOW_SECONDS)


def _other(content: bytes) -> bytes:
    """The content, or other bytes, always the same."""
    _behave()
    if _behaviour() != "other bytes" or not content:
        return content
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
