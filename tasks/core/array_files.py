"""Arrays of an `.npz` file that another program made: no pickled objects, no more than fits memory."""

import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from tasks.core import limits
from tasks.core.raw_paths import cannot_be_read, kind_of
from tasks.core.strict_json import Unreadable

WHOLE = "a whole npz file"


def read_npz(file: Path) -> dict[str, np.ndarray]:
    """The arrays by name.

    Raises:
        Unreadable: it is no file, no archive of arrays or a damaged one, has pickled objects, or its arrays
            take more than `limits.ARRAYS`.
    """
    if (kind := kind_of(file)) != "a file":
        raise Unreadable("a file", kind)
    try:
        with file.open("rb") as content:
            return _arrays(content)
    except Unreadable:
        raise
    except zipfile.BadZipFile as error:
        raise Unreadable(WHOLE, f"one that is no zip archive, or a part of one ({error})") from None
    except OSError as error:
        received = cannot_be_read(error) if error.errno else f"a damaged one ({error})"
        raise Unreadable(WHOLE, received) from None
    except Exception as error:  # damage raises any of zlib.error, EOFError, ValueError, NotImplementedError …
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Unreadable(WHOLE, f"a damaged one ({reason})") from None


def _arrays(content: IO[bytes]) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(content) as archive:
        names = [entry.filename for entry in archive.infolist()]
        total = sum(_claimed(archive, name) for name in names)
    if total > limits.ARRAYS.value():
        raise Unreadable(f"arrays of {limits.ARRAYS.at_most()}", f"{total:,} bytes")
    content.seek(0)
    with np.load(content, allow_pickle=False) as arrays:
        return {name: np.asarray(arrays[name]) for name in arrays.files}


def _claimed(archive: zipfile.ZipFile, name: str) -> int:
    """Bytes that the header of an array says it has, which must be those that it has.

    Raises:
        Unreadable: they are not, or the array holds objects.
    """
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read: Any = np.lib.format.read_array_header_1_0
        shape, _, dtype = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(member)
        if dtype.hasobject:
            raise Unreadable("arrays of text and numbers", "pickled objects, which are not read")
        count = 1
        for side in shape:
            count *= side
        there = archive.getinfo(name).file_size - member.tell()
    if count < 0 or count * dtype.itemsize != there:
        claim = f"{name} of shape {shape}, {count * dtype.itemsize:,} bytes"
        raise Unreadable(WHOLE, f"a damaged one ({claim}, has {there:,})")
    return there
