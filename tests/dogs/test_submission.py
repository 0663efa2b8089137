import re

import numpy as np
import pytest

from tasks.core.errors import InvalidSubmission
from tasks.dogs.dataset import ids
from tasks.dogs.submission import check, decode, write
from tests.dogs.jobs import TEST, dataset

LINES = [f"{10 + 3 * (index % 3)}\tt,{index}" for index in range(TEST)]


@pytest.fixture
def data(tmp_path):
    return dataset(tmp_path / "data")


def ids_of(data) -> list[str]:
    return ids(data, "test")


def checked(data, content: bytes) -> int:
    file = data / "submission.txt"
    file.write_bytes(content)
    return check(file, ids_of(data), data)


def text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def test_what_is_written_reads_back_and_keeps_every_rule(data):
    answers = list(decode([np.eye(3)[[0, 1, 2, 0, 1]]], data, {}))
    assert answers == [10, 13, 16, 10, 13]
    file = data / "submission.txt"
    write(ids_of(data), answers, file)
    assert file.read_bytes() == text(*LINES)
    assert check(file, ids_of(data), data) == TEST


def test_the_order_of_lines_is_free(data):
    assert checked(data, text(*reversed(LINES))) == TEST


def test_answers_and_ids_of_different_numbers_are_refused(data):
    with pytest.raises(ValueError, match="zip"):
        write(ids_of(data), [10], data / "submission.txt")
    assert not (data / "submission.txt").exists()


BAD = {
    "no tab": (text("10 t,0", *LINES[1:]), ":1: expected <label><TAB><image id>, received '10 t,0'"),
    "a column too many": (text(LINES[0], LINES[1] + "\t.9"), ":2: expected <label><TAB><image id>, received"),
    "an empty line": (text(*LINES[:2], "", *LINES[2:]), ":3: expected <label><TAB><image id>, received ''"),
    "a header": (text("label\timage", *LINES), ":1: expected a label of the training list, received 'label'"),
    "an unknown label": (
        text(*LINES[:4], "11\tt,4"),
        ":5: expected a label of the training list, received '11'",
    ),
    "a class index": (text("0\tt,0", *LINES[1:]), ":1: expected a label of the training list, received '0'"),
    "a padded label": (text(" 10\tt,0"), ":1: expected a label of the training list, received ' 10'"),
    "columns exchanged": (text("t,0\t10"), ":1: expected a label of the training list, received 't,0'"),
    "an unknown id": (text("10\tt,9"), ":1: expected the id of a test photograph, received 't,9'"),
    "a file name for an id": (text("10\tt,0.jpg"), ":1: expected the id of a test photograph, received"),
    "an id of the training": (text("10\tr,0"), ":1: expected the id of a test photograph, received 'r,0'"),
    "Windows line ends": (b"10\tt,0\r\n", ":1: expected the id of a test photograph, received 't,0\\r'"),
    "an id twice": (text(*LINES, LINES[1]), ":6: expected each id once, received 't,1' again"),
    "missing ids": (
        text(*LINES[:3]),
        ": expected a line for each of 5 test photographs, received none for 2",
    ),
    "nothing": (b"", ": expected a line for each test photograph, received an empty file"),
    "no line break at the end": (text(*LINES)[:-1], ":5: expected a line break at the end, received none"),
    "a byte order mark": (b"\xef\xbb\xbf" + text(*LINES), ":1: expected a label of the training list"),
    "another encoding": (b"\xff" + text(*LINES), ":1: expected text in UTF-8, received byte 0xff at byte 1"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_each_broken_rule_is_one_message_with_its_place(data, content, message):
    with pytest.raises(InvalidSubmission, match=re.escape(f"{data / 'submission.txt'}{message}")) as raised:
        checked(data, content)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_a_folder_are_no_submissions(data):
    for place, received in ((data / "absent.txt", "nothing of this name"), (data, "a folder")):
        with pytest.raises(InvalidSubmission, match=f"{place}: expected .* received {received}"):
            check(place, ids_of(data), data)
