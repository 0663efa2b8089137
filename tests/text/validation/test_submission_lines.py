import pytest

from tasks.core.errors import InvalidSubmission
from tasks.text.validation.submission_lines import parsed

KEYS = {"agg": list, "op": int, "text": str}
GOOD = '{"agg": [1], "op": 0, "text": "石"}'


def test_a_line_with_all_keys_is_read() -> None:
    assert parsed(GOOD.encode(), "f:1", keys=KEYS) == {"agg": [1], "op": 0, "text": "石"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "f:1: expected JSON, received an empty line"),
        (b"{", "f:1: expected JSON, received b'{'"),
        (b"[" * 100_000, "f:1: expected JSON"),
        (b"\xff", "f:1: expected UTF-8, received byte 0xff at position 0"),
        (b"[1]", r"f:1: expected an object, received \[1\]"),
        (b'{"agg": []}', r"f:1: expected the key 'op', received \['agg'\]"),
        (b'{"agg": 1, "op": 0, "text": ""}', "f:1: expected a list for 'agg', received 1"),
        (b'{"agg": [], "op": true, "text": ""}', "f:1: expected an integer for 'op', received True"),
        (b'{"agg": [], "op": 0, "text": null}', "f:1: expected a string for 'text', received None"),
    ],
)
def test_other_lines_are_refused_with_their_place(line: bytes, message: str) -> None:
    with pytest.raises(InvalidSubmission, match=message):
        parsed(line, "f:1", keys=KEYS)
