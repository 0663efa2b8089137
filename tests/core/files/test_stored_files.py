"""The reader of all files that Podium writes: whatever lies there, it answers at once, in little memory."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.core.files.appending import append
from tasks.core.files.stored_files import Damaged, FileKind, Loose, warn_once

ROOT = Path(__file__).resolve().parents[3]


class Pair(Loose):
    name: str
    count: int = 0


KIND = FileKind(Pair, most_bytes=10_000)

DAMAGES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "expected JSON, received Expecting value"),
    "null": (b"null", "expected an object, received None"),
    "a list": (b"[]", "expected an object, received []"),
    "another type": (b'{"name": 3}', "name: Input should be a valid string, received 3"),
    "a truth for a number": (b'{"name": "a", "count": true}', "count: Input should be a valid integer"),
    "too little": (b"{}", "name: Field required"),
    "NaN": (b'{"name": "a", "x": NaN}', "received NaN, which is no number"),
    "infinite": (b'{"name": "a", "x": -1e400}', "received a number that is too large"),
    "400 digits": (b'{"name": "a", "x": ' + b"9" * 400 + b"}", "an integer of more than 64 bits"),
    "5,000 digits": (b'{"name": "a", "x": ' + b"9" * 5000 + b"}", "an integer of more than 64 bits"),
    "1,000 levels": (b'{"name": "a", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}", "nested too deep"),
    "4,000 levels": (b'{"name":' * 1200 + b"1" + b"}" * 1200, ""),
    "UTF-16": ('{"name": "a"}'.encode("utf-16"), "expected JSON in UTF-8, received"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "expected JSON"),
    "half a character": (b'{"name": "\\ud800"}', "half of a surrogate pair"),
    "half a character in a key": (
        b'{"name": "a", "\\udfff": 1}',
        "as a unicode string",
    ),
    "zeros": (b"\0" * 100, "expected JSON"),
    "too large": (b'{"name": "' + b"a" * 10_000 + b'"}', "expected at most 10,000 bytes, received more"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_named(tmp_path: Path, damage: str) -> None:
    content, expected = DAMAGES[damage]
    file = tmp_path / "file.json"
    file.write_bytes(content)
    with pytest.raises(Damaged) as caught:
        KIND.read(file)
    assert expected in str(caught.value)
    assert len(str(caught.value)) < 300


def test_what_is_whole_is_returned_as_it_is(tmp_path: Path) -> None:
    file, value = tmp_path / "file.json", {"name": "甲", "count": 2, "more": [{"x": 1.5}, 2**64 - 1]}
    file.write_text(json.dumps(value, ensure_ascii=False))
    assert KIND.read(file) == value


def bound(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))


def linked_pipe(place: Path) -> None:
    os.mkfifo("pipe")
    place.symlink_to("pipe")


PLACES: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a socket": bound,
    "a link to a device": lambda place: place.symlink_to("/dev/zero"),
    "a link to a pipe": linked_pipe,
    "a loop of links": lambda place: place.symlink_to(place.name),
}


@pytest.mark.parametrize("kind", PLACES)
def test_what_is_no_file_is_never_waited_for(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    warn_once.cache_clear()
    PLACES[kind](Path("place"))
    with pytest.raises(Damaged):
        KIND.read(Path("place"))
    assert KIND.read_or_none(tmp_path / "place") is None
    assert KIND.read_or_none(tmp_path / "place", then="it is passed over") is None
    (said,) = caplog.messages
    assert said.startswith("place: expected ")
    assert said.endswith("; it is passed over")


def test_nothing_is_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    (tmp_path / "file").touch()
    for name in ("absent", "dangling", "file/below"):
        assert KIND.read_or_none(tmp_path / name) is None
    assert caplog.messages == []


def test_a_huge_file_takes_no_memory(tmp_path: Path) -> None:
    """Sparse: 100 GB that lie nowhere."""
    file = tmp_path / "file.json"
    with file.open("wb") as opened:
        opened.truncate(100 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Damaged, match="at most 10,000 bytes"):
        KIND.read(file)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_line_after_half_a_line_begins_anew(tmp_path: Path) -> None:
    """A process whose files may grow to 10 bytes and no further: the kernel writes a part of a line."""
    code = """
import resource, signal, sys
from pathlib import Path
from tasks.core.files.appending import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
append(Path(sys.argv[1]), b"first\\n")
try:
    append(Path(sys.argv[1]), b"second\\n")
except OSError as error:
    print(error.strerror)
"""
    file = tmp_path / "lines"
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\n"
    append(file, b"third\n")
    assert file.read_bytes() == b"first\nseco\nthird\n"
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN  # as Python sets it, so that it is an error


def test_levels_below_the_limit_are_read() -> None:
    value: Any = 1
    for _ in range(50):
        value = [value]
    assert KIND.parse(json.dumps({"name": "a", "x": value}).encode())["x"] == value
