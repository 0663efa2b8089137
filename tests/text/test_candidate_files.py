"""Candidates as JSON lines: what is written reads back the same, and wrong lines are refused."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.core.errors import InvalidData
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.member_files.records import ExpectedRecords, ExportedPart
from tasks.text.candidate_files import CandidateForm
from tasks.text.validation.json_lines import Mismatch

IDS = ["a", "b", "c"]
TEXTS = {"a": "甲", "b": "乙", "c": "乙"}
EXPECTED = ExpectedRecords("out_of_fold", IDS, {"a": 0, "b": 1, "c": 0}, {"t1": "test"})


def from_json(id: str, value: dict[str, Any]) -> str | list[Mismatch]:
    word = value.get("word")
    return word if isinstance(word, str) and len(value) == 1 else [Mismatch("a word", repr(word))]


FORM = CandidateForm("words", lambda id, key: {"word": key}, from_json, TEXTS)


def test_candidates_read_back_to_the_bit_in_their_order(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    ids = [f"r{row}" for row in range(200)]
    records = [{f"w{each}": float(random.random()) for each in range(int(random.integers(4)))} for _ in ids]
    values = Candidates.of(records)
    right = random.random(len(values.scores)) < 0.5
    parts = [
        ExportedPart("out_of_fold", Scores(ids, values), [row % 3 for row in range(200)], right),
        ExportedPart("test", Scores(["t"], Candidates.of([{"w": 1.0}]))),
    ]
    FORM.write(file := tmp_path / "a.jsonl", parts)
    found = FORM.read(file, ExpectedRecords("out_of_fold", ids[::-1]))
    assert found.ids == ids[::-1]
    assert [list(each) for each in found.values.records()] == [list(each) for each in records[::-1]]
    np.testing.assert_array_equal(found.values[np.arange(200)[::-1]].scores, values.scores)
    assert FORM.read(file, ExpectedRecords("test", ["t"])).values.records() == [{"w": 1.0}]


def test_a_line_has_id_text_part_fold_and_what_is_right(tmp_path: Path) -> None:
    values = Candidates.of([{"x": 0.5, "y": 0.1}, {"z": 1.0}])
    right = np.array([True, False, False])
    FORM.write(
        file := tmp_path / "a.jsonl", [ExportedPart("out_of_fold", Scores(["a", "d"], values), [1, 0], right)]
    )
    first, second = map(json.loads, file.read_text("utf-8").splitlines())
    words = [{"word": "x", "score": 0.5, "right": True}, {"word": "y", "score": 0.100000001, "right": False}]
    assert first == {"id": "a", "text": "甲", "part": "out_of_fold", "fold": 1, "words": words}
    assert second["words"] == [{"word": "z", "score": 1, "right": False}]


def test_records_may_be_named_by_a_text_that_one_of_them_has(tmp_path: Path) -> None:
    lines = [
        {"text": "甲", "words": [{"word": "x", "score": 0.5}]},
        *({"id": id, "words": []} for id in "cb"),
    ]
    (file := tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    assert FORM.read(file, EXPECTED).values.records() == [{"x": 0.5}, {}, {}]


def test_candidates_that_no_label_can_judge_are_left_out_but_must_be_valid(tmp_path: Path) -> None:
    form = FORM._replace(can_be_judged=lambda id, key: (id, key) != ("a", "x"))
    both = [{"word": "x", "score": 0.5}, {"word": "y", "score": 0.25}]
    lines = [{"id": id, "words": both} for id in "abc"]
    (file := tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    kept = {"x": 0.5, "y": 0.25}
    assert form.read(file, EXPECTED).values.records() == [{"y": 0.25}, kept, kept]
    both[0]["score"] = 2
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    with pytest.raises(InvalidData, match="a probability"):
        form.read(file, EXPECTED)


GOOD = '{"id": "b", "words": []}\n{"id": "c", "words": []}\n'
WRONG: dict[str, tuple[str | bytes, str]] = {
    "broken": ('{"id": "a"', ":3: expected one JSON object a line, received broken JSON"),
    "list": ("[1]", ":3: expected one JSON object a line, received a list of 1"),
    "key twice": ('{"id": "a", "id": "a"}', 'one with the key "id" more than once'),
    "constant": ('{"id": "a", "words": [{"word": "x", "score": NaN}]}', "received NaN, which is no JSON"),
    "blank": (
        "\n\n" + '{"id": "a", "words": []}',
        ":3: expected content in each line, received a blank line",
    ),
    "latin-1": ('{"id": "é"}'.encode("latin-1"), ":3: expected text in UTF-8, received byte 0xe9"),
    "gbk": ('{"id": "狗"}'.encode("gbk"), ":3: expected text in UTF-8, received byte 0xb9 at byte 9"),
    "utf-16 in the middle": ('{"id"'.encode("utf-16-le"), ":3: expected text in UTF-8, received a NUL byte"),
    "text": ('"a"', ':3: expected one JSON object a line, received "a"'),
    "null": ("null", ":3: expected one JSON object a line, received null"),
    "two objects": (
        '{"id": "a", "words": []} {"id": "c"}',
        ":3: expected one JSON object a line, received broken",
    ),
    "single quotes": ("{'id': 'a'}", ":3: expected one JSON object a line, received broken JSON at column 2"),
    "cut off": ('{"id": "a", "wor', "the file ends within this line"),
    "white space around an id": ('{"id": " a", "words": []}', "received ' a', with white space around it"),
    "null list": ('{"id": "a", "words": null}', ':3: expected a list as "words", received null'),
    "list in list": ('{"id": "a", "words": [[]]}', ":3: expected an object as words 1, received a list of 0"),
    "nul": ('{"id": "a\0"}', ":3: expected text in UTF-8, received a NUL byte"),
    "no id": ('{"words": []}', ':3: expected the key "id", received an object with "words"'),
    "null id": ('{"id": null, "words": []}', ":3: expected text as id, received null"),
    "number as id": ('{"id": 7, "words": []}', ":3: expected text as id, received 7"),
    "unknown id": (
        '{"id": "d", "words": []}',
        ":3: expected the id of one of 3 out-of-fold records, received 'd'",
    ),
    "id of test": ('{"id": "t1", "words": []}', "received 't1', which is a record of test"),
    "id twice": (
        '{"id": "b", "words": []}',
        ":3: expected each id once, received 'b' again, first in line 1",
    ),
    "missing": ("", "a.jsonl: expected scores of each of 3 out-of-fold records, received none for 1: 'a'"),
    "unknown text": (
        '{"text": "丙", "words": []}',
        ':3: expected the text of one of the records, received "丙"',
    ),
    "common text": ('{"text": "乙", "words": []}', ":3: expected an id, as several records have this text"),
    "text of another": ('{"id": "a", "text": "乙", "words": []}', ":3: expected the text of 'a', \"甲\""),
    "part": ('{"id": "a", "part": 1, "words": []}', ":3: expected a part of out_of_fold, validation, test"),
    "fold": (
        '{"id": "a", "fold": 1, "words": []}',
        ":3: expected fold 0 for 'a', or no fold, received fold 1",
    ),
    "unknown key": (
        '{"id": "a", "words": [], "x": 1}',
        ':3: expected no keys but "id", "text", "part", "fold"',
    ),
    "no list": ('{"id": "a"}', ':3: expected the key "words"'),
    "misspelled": ('{"id": "a", "word": []}', 'received an object with "id", "word"; is "word" meant?'),
    "object": ('{"id": "a", "words": {}}', ':3: expected a list as "words"'),
    "text in list": ('{"id": "a", "words": ["x"]}', ':3: expected an object as words 1, received "x"'),
    "form": ('{"id": "a", "words": [{"word": 3, "score": 1}]}', ":3: expected a word in words 1, received 3"),
    "no score": (
        '{"id": "a", "words": [{"word": "x"}]}',
        'a probability of 0 to 1 as "score" of words 1, received none',
    ),
    "score as text": ('{"id": "a", "words": [{"word": "x", "score": "1"}]}', 'of words 1, received "1"'),
    "score of true": ('{"id": "a", "words": [{"word": "x", "score": true}]}', "of words 1, received true"),
    "score of null": ('{"id": "a", "words": [{"word": "x", "score": null}]}', "of words 1, received null"),
    "negative": ('{"id": "a", "words": [{"word": "x", "score": -0.5}]}', "of words 1, received -0.5"),
    "above 1": ('{"id": "a", "words": [{"word": "x", "score": 2}]}', "of words 1, received 2"),
    "infinite": (
        '{"id": "a", "words": [{"word": "x", "score": 1e999}]}',
        "1e999, a number that is too large",
    ),
    "digits": (
        f'{{"id": "a", "words": [{{"word": "x", "score": {"9" * 400}}}]}}',
        "of words 1, received 9999",
    ),
    "twice": (
        '{"id": "a", "words": [{"word": "x", "score": 0}, {"word": "x", "score": 1}]}',
        ":3: expected each candidate of 'a' once, received x again",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_lines_are_refused(tmp_path: Path, kind: str) -> None:
    line, message = WRONG[kind]
    (file := tmp_path / "a.jsonl").write_bytes(
        GOOD.encode() + (line if isinstance(line, bytes) else line.encode())
    )
    with pytest.raises(InvalidData) as caught:
        FORM.read(file, EXPECTED)
    assert message in str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "received an empty file (0 bytes)"),
        (b"\n\n", "received an empty file (blank lines only)"),
        ("{}".encode("utf-16"), "received UTF-16 (a byte order mark says so)"),
        (b"\x80\x02]q\x00.", "expected text in UTF-8"),
        (b"PK\x03\x04\x14\x00", "expected text in UTF-8"),
        (b"\x1f\x8b\x08\x00", "expected text in UTF-8"),
        (b'[{"id": "a", "words": []},\n{"id": "b", "words": []}]\n', ":1: expected one JSON object a line"),
    ],
)
def test_files_without_lines_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (file := tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(InvalidData) as caught:
        FORM.read(file, EXPECTED)
    assert message in str(caught.value)


def test_a_mark_and_windows_line_ends_are_harmless(tmp_path: Path) -> None:
    lines = "".join(f'{{"id": "{id}", "words": []}}\r\n' for id in "abc")
    (file := tmp_path / "a.jsonl").write_bytes(f"\ufeff{lines}\r\n".encode())
    assert FORM.read(file, EXPECTED).values.records() == [{}, {}, {}]


def test_records_of_the_other_part_are_refused_with_the_reason(tmp_path: Path) -> None:
    """Files of out-of-fold and of test records that were given the wrong way round."""
    (file := tmp_path / "a.jsonl").write_text('{"id": "t1", "words": []}\n')
    with pytest.raises(InvalidData) as caught:
        FORM.read(file, EXPECTED)
    assert "received 't1', which is a record of test" in str(caught.value)
    assert "scores of each of 3 out-of-fold records, received none for 3: 'a', 'b', 'c'" in str(caught.value)


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "unreadable.jsonl").symlink_to("/proc/self/mem")
    for name, message in (
        ("folder", "received a folder"),
        ("unreadable", "cannot be read (Input/output error)"),
    ):
        with pytest.raises(InvalidData, match=re.escape(message)):
            FORM.read(tmp_path / f"{name}.jsonl", EXPECTED)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id")
    with pytest.raises(
        InvalidData, match=r"expected a name that ends in \.jsonl or \.json, received '\.csv'"
    ):
        FORM.read(tmp_path / "a.csv", EXPECTED)
