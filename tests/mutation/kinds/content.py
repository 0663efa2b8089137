"""Ways to change the bytes of files of lines, and of JSON in them."""

import gzip
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

Change = Callable[[bytes, Random], bytes]
GIGABYTES = 3


def _at_line(change: Callable[[bytes], bytes]) -> Change:
    """Change a line that is drawn."""

    def changed(content: bytes, random: Random) -> bytes:
        lines = content.split(b"\n")
        number = random.randrange(len(lines) - 1)
        lines[number] = change(lines[number])
        return b"\n".join(lines)

    return changed


BAD_BYTES: dict[str, Change] = {
    "a NUL byte": _at_line(lambda line: line[:3] + b"\0" + line[3:]),
    "40 NUL bytes": _at_line(lambda line: bytes(40)),
    "a byte that is no UTF-8": _at_line(lambda line: line[: len(line) // 2] + b"\xff"),
    "UTF-16": lambda content, random: content.decode().encode("utf-16"),
    "UTF-16 without a mark": lambda content, random: content.decode().encode("utf-16-le"),
    "nothing": lambda content, random: b"",
    "blank lines only": lambda content, random: b"\n \n\n",
    "a blank line first": lambda content, random: b"\n" + content,
    "gzip": lambda content, random: gzip.compress(content),
    "a picture": lambda content, random: b"\x89PNG\r\n\x1a\n" + bytes(40),
    "random bytes": lambda content, random: random.randbytes(200),
}
"""Changes that no file of lines survives."""
HARMLESS_BYTES: dict[str, Change] = {
    "as it is": lambda content, random: content,
    "Windows line ends": lambda content, random: content.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda content, random: b"\xef\xbb\xbf" + content,
    "blank lines at the end": lambda content, random: content + b"\n\r\n\n",
}
"""Changes that raw files may have; submissions may have the first only."""

BAD_JSON: dict[str, str] = {
    "1e400": "1e400",
    "-1e400": "[-1E+400]",
    "NaN": "NaN",
    "-Infinity": '{"a": -Infinity}',
    "5,000 digits": "9" * 5000,
    "half a pair": '"\\ud800"',
    "half a pair in a key": '{"\\uDFFF": 1}',
    "a NUL": '"a\\u0000"',
    "a key twice": '{"a": 1, "a": 1}',
    "100,000 deep": "[" * 100_000,
    "100,000 deep and closed": "[" * 100_000 + "]" * 100_000,
    "no JSON": "{'a': 1}",
    "a comma too many": "[1,]",
    "a comment": "1 /* */",
    "not closed": '{"a": [1',
    "two values": "1 2",
    "undefined": "undefined",
    "a number with a zero before": "01",
    "a tab in a text": '"a\tb"',
}
"""Texts that are no JSON, or none that all readers read alike, wherever they stand."""


def bad_json(content: bytes, random: Random) -> tuple[str, bytes]:
    """A line of JSON gets a further key with such a text, or is it."""
    name = random.choice(sorted(BAD_JSON))
    lines = content.split(b"\n")
    number, text = random.randrange(len(lines) - 1), BAD_JSON[name]
    if random.random() < 0.7:
        lines[number] = lines[number][:-1] + f', "further": {text}}}'.encode()
    else:
        lines[number] = text.encode()
    return name, b"\n".join(lines)


def harmless_json(content: bytes, random: Random) -> tuple[str, bytes]:
    """The same values, written in another way."""
    ways: dict[str, Callable[[Any], str]] = {
        "ASCII": json.dumps,
        "keys in another order": lambda value: json.dumps(dict(reversed(value.items())), ensure_ascii=False),
        "spaces": lambda value: " " + json.dumps(value, separators=(" , ", " :\t")) + "  ",
    }
    name = random.choice(sorted(ways))
    values = [ways[name](json.loads(line)) for line in content.splitlines()]
    return name, "".join(f"{value}\n" for value in values).encode()


WRONG_VALUES = (
    None,
    True,
    -1,
    10**30,
    0.5,
    "",
    " ",
    [],
    {},
    [[]],
    ["a"],
    {"a": 1},
    "\u0000",
    "\ud800",
    "x" * 70_000,
)


def other_value(content: bytes, random: Random) -> tuple[str, bytes]:
    """A value somewhere in a line is replaced by one of another type, or a key is taken out."""
    lines = content.split(b"\n")
    number = random.randrange(len(lines) - 1)
    value = json.loads(lines[number])
    places = list(_places(value))
    holder, key = random.choice(places)
    if isinstance(holder, dict) and random.random() < 0.3:
        del holder[key]
        name = f"no {key}"
    else:
        holder[key] = random.choice(WRONG_VALUES)
        name = f"{key} = {str(holder[key])[:20]!r}"
    lines[number] = json.dumps(value).encode()
    return name, b"\n".join(lines)


def _places(value: Any) -> Any:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def noise(content: bytes, random: Random) -> bytes:
    """Some bytes are changed, doubled or taken out."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 3)):
        start, count = random.randrange(len(changed)), random.choice((0, 1, 1, 4, 30))
        piece = random.choice(
            (
                b"",
                random.randbytes(1),
                bytes(changed[start : start + 9]),
                b'"',
                b"\\",
                b"\n",
                b"\t",
                "٣".encode(),
            )
        )
        changed[start : start + count] = piece
    return bytes(changed)


def is_strict(content: bytes) -> bool:
    """Whether each line is one JSON object that all readers read alike; written for tests alone."""
    lines = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n \t").split(b"\n")
    try:
        values = [json.loads(line.decode(), object_pairs_hook=_pairs) for line in lines]
    except (ValueError, RecursionError):
        return False
    return b"\0" not in content and all(isinstance(each, dict) and _is_plain(each) for each in values)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
    return not isinstance(value, float) or math.isfinite(value)


def sparse(file: Path, *, after: bytes = b"") -> None:
    """A file of gigabytes that takes no room: bytes of zero behind its beginning."""
    file.write_bytes(after)
    os.truncate(file, GIGABYTES << 30)
