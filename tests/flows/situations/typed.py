"""Type a command in this process: what it prints to both streams, and its exit code."""

import io
import os
import shlex
import sys
from typing import Any, NamedTuple

import pytest

from flows.__main__ import main


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Typed(NamedTuple):
    """What a command has printed."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """What both streams show."""
        return self.stdout + self.stderr


def typed(command: str, encoding: str = "utf-8", *, in_terminal: bool = False) -> Typed:
    """Type `VARIABLE=value podium …`, into a terminal or pipe of this encoding."""
    kind = Terminal if in_terminal else io.TextIOWrapper
    buffers = [io.BytesIO(), io.BytesIO()]
    options: dict[str, Any] = {"errors": "backslashreplace", "write_through": True}  # as those of a command
    streams = [kind(buffer, encoding=encoding, **options) for buffer in buffers]
    words, variables = shlex.split(command), dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        while words[0] != "podium":
            patch.setenv(*words.pop(0).split("=", 1))
        patch.setattr(sys, "argv", words)
        for name, stream in zip(("stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        finally:  # as another process would leave the environment
            os.environ.clear()
            os.environ.update(variables)
    return Typed(code, *(buffer.getvalue().decode(encoding) for buffer in buffers))
