import io

import pytest

from tasks.core.errors import InvalidSubmission
from tasks.text.validation.submission_lines import objects

KEYS = {"agg": list, "op": int, "text": str}
GOOD = '{"agg": [1], "op": 0, "text": "石"}'


def read(content: bytes) -> list[tuple[int, str, dict[str, object]]]:
    return list(objects(io.BytesIO(content), "f", keys=KEYS))


def test_lines_with_all_keys_are_read() -> None:
    value = {"agg": [1], "op": 0, "text": "石"}
    assert read(f"{GOOD}\n{GOOD}".encode()) == [(1, "f:1", value), (2, "f:2", value)]


REASONS = {
    "blank": (b"\n", "f:1: expected content in each line, received a blank line"),
    "blank at the end": (f"{GOOD}\n\n".encode(), "f:2: expected content in each line, received a blank line"),
    "broken": (b"{", "f:1: expected one JSON object a line, received broken JSON at column 2"),
    "deep": (b"[" * 100_000, "f:1: expected one JSON object a line, received objects or lists nested too"),
    "another encoding": (b"\xff", "f:1: expected text in UTF-8, received byte 0xff at byte 1 of the line"),
    "NUL": (f"{GOOD}\n{GOOD}\n\0".encode(), "f:3: expected text in UTF-8, received a NUL byte"),
    "a mark": (b"\xef\xbb\xbf{}", "f: expected text in UTF-8 without a byte order mark, received one"),
    "UTF-16": ("{}".encode("utf-16"), r"f: expected text in UTF-8, received UTF-16"),
    "a key twice": (b'{"agg": [], "agg": []}', 'f:1: .* received one with the key "agg" more than once'),
    "a large number": (b'{"agg": [1e400]}', "f:1: .* received 1e400, a number that is too large"),
    "NaN": (b'{"agg": [NaN]}', "f:1: .* received NaN, which is no JSON"),
    "half a pair": (
        b'{"\\uD800": 1}',
        "f:1: expected characters of text in a key, received half of a surrogate pair",
    ),
    "NUL as escape": (b'{"text": "\\u0000"}', "f:1: expected characters of text in text, received a NUL"),
    "digits": (b"9" * 5000, "f:1: .* received a number of too many digits"),
    "a long line": (b" " * (1 << 20) + b"{}", "f:1: expected a line of at most 1,048,576 bytes"),
    "a list": (b"[1]", "f:1: expected one JSON object a line, received a list of 1"),
    "no key": (b'{"agg": []}', r"f:1: expected the key 'op', received \['agg'\]"),
    "no list": (b'{"agg": 1, "op": 0, "text": ""}', "f:1: expected a list for 'agg', received 1"),
    "no integer": (
        b'{"agg": [], "op": true, "text": ""}',
        "f:1: expected an integer for 'op', received True",
    ),
    "no text": (b'{"agg": [], "op": 0, "text": null}', "f:1: expected a string for 'text', received None"),
}


@pytest.mark.parametrize(("content", "message"), REASONS.values(), ids=REASONS)
def test_other_lines_are_refused_with_their_place_and_the_true_reason(content: bytes, message: str) -> None:
    with pytest.raises(InvalidSubmission, match=message):
        read(content)


def test_the_length_of_lines_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_MOST_LINE_BYTES", "20")
    with pytest.raises(
        InvalidSubmission, match=r"f:1: expected a line of at most 20 bytes \(PODIUM_MOST_LINE"
    ):
        read(GOOD.encode())
