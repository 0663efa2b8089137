"""Submission files, checked against raw files by `podium submissions validate`."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.mutation.inputs import Expected, Input, Maker, Place, podium
from tests.mutation.kinds import content as changes
from tests.mutation.kinds.contests import raw_folder
from tests.mutation.kinds.places import WAYS as NO_FILES

MEMBER = "result.json"
Spoil = Callable[[bytes, Random], bytes]


def lines_of(competition: str) -> bytes:
    """The lines of a valid submission to the small raw files of the tests."""
    if competition == "dogs":
        return b"3\tx,8\n7\ty,9\n"
    if competition == "extraction":
        first = {"text": "《晚舟》由林岸所著", "spo_list": [_triple("晚舟", "作者", "林岸")]}
        return _lines(first, {"text": "林岸是南屏人", "spo_list": []})
    first = {"agg": [0], "sel": [1], "cond_conn_op": 0, "conds": [[2, 2, "海南"]]}
    return _lines(first, {"agg": [0], "sel": [1], "cond_conn_op": 1, "conds": [[0, 2, "何景"], [2, 0, "1"]]})


def _triple(subject: str, predicate: str, object_: str) -> dict[str, str]:
    return {"subject": subject, "predicate": predicate, "object": object_}


def _lines(*values: Any) -> bytes:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in values).encode()


def _spoilt_label(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    ways = (
        [lines[0].replace(b"3", "٣".encode()), lines[1]],
        [lines[0].replace(b"3", b" 3"), lines[1]],
        [lines[0].replace(b"3", b"03"), lines[1]],
        [lines[0], lines[0]],
        [lines[0]],
        [*lines, lines[0]],
        [*lines, b"\n"],
        [lines[0].replace(b"\t", b" "), lines[1]],
        [lines[0].replace(b"\t", b"\t\t"), lines[1]],
        [lines[0], lines[1].rstrip()],
        [lines[0].replace(b"\n", b"\r\n"), lines[1]],
        [lines[0] + b"\0" * 10, lines[1]],
        [lines[0], b"x" * (3 << 20) + b"\n"],
        [b"\xef\xbb\xbf", *lines],
    )
    return b"".join(random.choice(ways))


def changed_lines(competition: str, random: Random) -> tuple[str, Expected, bytes]:
    """What was changed in the lines of a valid submission, what to expect, and the lines."""
    given = lines_of(competition)
    way = random.randrange(10)
    if way == 0:
        return "as it is", "accepted", given
    if way < 3:
        name = random.choice(sorted(changes.BAD_BYTES))
        return name, "refused", changes.BAD_BYTES[name](given, random)
    if competition == "dogs":
        if way < 7:
            return "a wrong line", "refused", _spoilt_label(given, random)
        new = changes.noise(given, random)
        return (
            "noise",
            "accepted" if sorted(new.split(b"\n")) == sorted(given.split(b"\n")) else "refused",
            new,
        )
    if way == 3:
        name, new = changes.harmless_json(given, random)
        return name, "accepted", new
    if way == 4:
        more = random.choice((b"\n", b"\0\n", b"{}\n", given, b"x" * (2 << 20), b"   \n", b"[1e400]\n"))
        return "lines after the last", "refused", given + more
    if way < 7:
        name, new = changes.bad_json(given, random)
        return name, "refused", new
    if way < 9:
        name, new = changes.other_value(given, random)
    else:
        name, new = "noise", changes.noise(given, random)
    return name, "either" if changes.is_strict(new) and not new.startswith(b"\xef\xbb") else "refused", new


def zipped(content: bytes, *, name: str = MEMBER, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with one member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def _several(content: bytes, random: Random) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(random.choice((2, 3, 50_000))):
            archive.writestr(f"{number}.json", content if number < 3 else b"")
    return stream.getvalue()


def _gigabytes(content: bytes, random: Random) -> bytes:
    """A member that unpacks to 3 GB: one packed block over and over, with a checksum that nobody reaches."""
    piece = random.choice((bytes(1 << 20), b" " * (1 << 20), b"\n" * (1 << 20)))
    packer = zlib.compressobj(wbits=-15)
    block = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * (changes.GIGABYTES << 10) + packer.flush()
    sizes = struct.pack("<III", 0, len(packed), changes.GIGABYTES << 30)
    name, common = MEMBER.encode(), struct.pack("<HHHHH", 20, 0, 8, 0, 33)
    local = b"PK\3\4" + common + sizes + struct.pack("<HH", len(name), 0) + name
    entry = b"PK\1\2\x14\3" + common + sizes + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local) + len(packed), 0)
    return local + packed + entry + end


def _lying_size(content: bytes, random: Random) -> bytes:
    """Sizes in the directory, or in the member's header, that are not those of the member."""
    archive = bytearray(zipped(content))
    directory = archive.index(b"PK\1\2")
    place = random.choice((directory + 20, directory + 24, directory + 16))
    lie = random.choice((0, 1, len(content) - 1, len(content) + 100, 0x7FFFFFFF, 0xFFFFFFFE))
    archive[place : place + 4] = struct.pack("<I", lie)
    return bytes(archive)


ARCHIVES: dict[str, Spoil] = {
    "no archive": lambda content, random: content,
    "an empty archive": lambda content, random: b"PK\5\6" + bytes(18),
    "half": lambda content, random: zipped(content)[: len(zipped(content)) // 2],
    "several members": _several,
    "a member in a folder": lambda content, random: zipped(content, name="folder/result.json"),
    "a folder": lambda content, random: zipped(b"", name="folder/"),
    "a way out": lambda content, random: zipped(content, name="../../result.json"),
    "a lying size": _lying_size,
    "an encrypted member": lambda content, random: zipped(content).replace(
        b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"
    ),
    "an unknown method": lambda content, random: _method(zipped(content), 77),
    "another method": lambda content, random: _method(zipped(content), random.choice((1, 6, 9, 12, 14, 93))),
    "another checksum": lambda content, random: _checksum(zipped(content)),
}


def _method(archive: bytes, method: int) -> bytes:
    changed, directory = bytearray(archive), archive.index(b"PK\1\2")
    changed[directory + 10 : directory + 12] = struct.pack("<H", method)
    changed[8:10] = struct.pack("<H", method)
    return bytes(changed)


def _checksum(archive: bytes) -> bytes:
    changed, directory = bytearray(archive), archive.index(b"PK\1\2")
    changed[directory + 16] ^= 1
    changed[14] ^= 1
    return bytes(changed)


def submission(competition: str) -> Maker:
    """A submission file of this competition."""

    def make(place: Place, random: Random) -> Input:
        data = place.template(f"raw-{competition}", raw_folder(competition))
        file = place.folder / "submission"
        name, expected = _write(competition, file, random)
        options = ("--competition", competition, "-s", f"data.root={data}")
        return Input(name, expected, podium("submissions", "validate", str(file), *options))

    return make


def _write(competition: str, file: Path, random: Random) -> tuple[str, Expected]:
    way = random.randrange(20)
    if way == 0:
        name = random.choice(sorted(NO_FILES))
        NO_FILES[name](file)
        return name, "refused"
    if way == 1:
        changes.sparse(file, after=lines_of(competition) if random.random() < 0.5 else b"")
        return "3 GB of nothing", "refused"
    if competition == "extraction" and way < 8:
        name = random.choice(sorted(ARCHIVES))
        file.write_bytes(ARCHIVES[name](lines_of(competition), random))
        return name, "refused"
    if competition == "extraction" and way == 8 and random.random() < 0.1:
        file.write_bytes(_gigabytes(b"", random))
        return "3 GB in a member", "refused"
    name, expected, content = changed_lines(competition, random)
    if competition == "extraction":
        if way == 9:
            archive = changes.noise(zipped(content), random)
            file.write_bytes(archive)
            return f"noise in the archive of: {name}", "either"
        content = zipped(content, method=random.choice((0, 8, 12, 14)))
    file.write_bytes(content)
    return name, expected


KINDS: dict[str, tuple[float, Maker]] = {
    "submissions: dogs": (4, submission("dogs")),
    "submissions: extraction": (9, submission("extraction")),
    "submissions: nl2sql": (6, submission("nl2sql")),
}
