"""One reader for the files that Podium itself writes and reads back, which may be damaged or no files at all.

Each kind of file declares what it contains, once (`FileKind`). Whatever lies in its place, reading it neither
waits nor takes more memory than the kind allows, and ends in a value that fits the declaration or in
`Damaged`: an empty file, another encoding, a pipe, a folder, JSON that is nested a thousand times, a number
of 400 digits. Readers that can do without the file use `read_or_none`, which names a damaged one once.
"""

import json
import logging
import math
import os
import re
import stat
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tasks.core.locations import display_path

MOST_DEPTH = 64
"""Lists and objects inside one another; settings take about ten."""
LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**64 - 1
"""Bounds of integers; sizes, times and inodes take 64 bits."""
MOST_DIGITS = 20

_SURROGATE = re.compile("[\ud800-\udfff]")
_log = logging.getLogger("podium")


class Loose(BaseModel):
    """An object in which more may stand than is declared, as in files of other versions."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class Damaged(Exception):
    """A file is there and cannot be used; the message is what was expected and received, without the path."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line

    def in_file(self, path: Path) -> str:
        """The message with the place of the file."""
        return f"{display_path(path)}{f':{self.line}' if self.line else ''}: {self}"


class _Unfit(ValueError):
    """A number that cannot be used whatever its meaning."""


class FileKind:
    """A kind of JSON file, or of lines of JSON: what stands in it, and how large it may be."""

    def __init__(self, schema: Any, *, most_bytes: int) -> None:
        """`schema` is a type that pydantic checks; the values that are returned are the JSON itself."""
        self._schema, self._most_bytes = schema, most_bytes

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._schema)

    def read(self, path: Path) -> Any:
        """The contents of a file.

        Raises:
            FileNotFoundError: there is nothing, or a link that leads nowhere.
            Damaged: it is no file, too large, no JSON in UTF-8, or has other contents than are declared.
        """
        return self.parse(file_bytes(path, self._most_bytes))

    def read_or_none(self, path: Path, *, then: str = "it is passed over") -> Any | None:
        """The contents of a file; None without one, and of a damaged one, which is named once.

        Args:
            then: what happens with a damaged one, for the message.
        """
        try:
            return self.read(path)
        except FileNotFoundError:
            return None
        except Damaged as error:
            warn_once(f"{error.in_file(path)}; {then}")
            return None

    def parse(self, content: bytes) -> Any:
        """The value that is written so; raises Damaged, as `read` does."""
        try:
            text = content.decode("utf-8")
            value = _decode(text)
        except json.JSONDecodeError as error:
            raise Damaged(f"expected JSON, received {error.msg}", error.lineno) from None
        except RecursionError:
            raise Damaged("expected JSON, received one that is nested too deep") from None
        except _Unfit as error:
            raise Damaged(f"expected JSON, received {error}") from None
        except ValueError as error:
            raise Damaged(f"expected JSON in UTF-8, received {error}") from None
        self._check(value)
        if "\\u" in text and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
            raise Damaged("expected JSON, received half of a surrogate pair")
        return value

    def _check(self, value: Any) -> None:
        """Raise Damaged if a value is not what is declared."""
        try:
            self._adapter.validate_python(value)
        except RecursionError:
            raise Damaged("expected JSON, received one that is nested too deep") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            key = ".".join(map(str, first["loc"]))
            expected = "expected an object" if first["type"] == "model_type" else first["msg"]
            message = f"{key + ': ' if key else ''}{expected}, received {_short(first['input'])}"
            raise Damaged(message) from None
        if not _is_flat_enough(value):
            raise Damaged("expected JSON, received one that is nested too deep")


def file_bytes(path: Path, most_bytes: int) -> bytes:
    """The contents of a regular file, without waiting for anything that is none.

    Raises:
        FileNotFoundError: there is nothing, or a link that leads nowhere.
        Damaged: it is no file, larger than `most_bytes`, or cannot be read.
    """
    try:
        _check_regular(path.stat())
        # a pipe that takes the file's place at this moment must not block
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            _check_regular(os.fstat(descriptor))
            content = file.read(most_bytes + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(str(path)) from None
    except OSError as error:
        raise Damaged(f"expected a file that can be read, received {error.strerror or error}") from None
    if len(content) > most_bytes:
        raise Damaged(f"expected at most {most_bytes:,} bytes, received more")
    return content


@cache
def warn_once(text: str) -> None:
    """Log a warning; the same text is logged once in a process."""
    _log.warning("%s", text)


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        kind = kinds.get(stat.S_IFMT(status.st_mode), "a device")
        raise Damaged(f"expected JSON in UTF-8, received {kind}, which is not a file")


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS or not LEAST_INTEGER <= (number := int(text)) <= MOST_INTEGER:
        raise _Unfit("an integer of more than 64 bits")
    return number


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise _Unfit("a number that is too large")
    return number


def _refused_constant(name: str) -> Any:
    raise _Unfit(f"{name}, which is no number")


_decode = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_refused_constant).decode


def _is_flat_enough(value: Any) -> bool:
    """Whether lists and objects are at most so deep in one another."""
    level = [value]
    for _ in range(MOST_DEPTH):
        # exact types, as JSON gives them: `isinstance` with two takes three times as long
        level = [part for each in level for part in _parts(each) if type(part) is dict or type(part) is list]
        if not level:
            return True
    return False


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _short(value: Any) -> str:
    """The beginning of a value, which may be anything."""
    try:
        return f"{value!r:.80}"
    except (ValueError, RecursionError):  # an integer of thousands of digits; nested too deep
        return f"one of type {type(value).__name__}"
