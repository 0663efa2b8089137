import json
import re

import pytest

from tasks.core.errors import InvalidSubmission
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.nl2sql.query.schema import to_json
from tasks.nl2sql.submission import FILE, check, decode, write
from tests.nl2sql import written
from tests.nl2sql.tiny import query
from tests.nl2sql.written import COMPANIES, PARTS, PEOPLE, Part, question

TEXTS = ["海南的公司有哪些", "何景在哪个部门", "甲\u2028乙\u0085丙在哪", "总共有几家"]
ON = ["table_0", "table_1", "table_1", "table_0"]
ANSWERS = [
    {"agg": [0], "sel": [1], "cond_conn_op": 0, "conds": [[2, 2, "海南"]]},
    {"agg": [0], "sel": [1], "cond_conn_op": 1, "conds": [[0, 2, "何景"], [2, 0, "1"]]},
    {"agg": [0, 2], "sel": [1, 2], "cond_conn_op": 2, "conds": [[0, 2, "甲\u2028乙\u0085丙"], [0, 3, ""]]},
    {"agg": [4], "sel": [5], "cond_conn_op": 0, "conds": []},
]
IDS = [f"test:{number}" for number in range(1, 5)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    asked = [question(table, text) for table, text in zip(ON, TEXTS, strict=True)]
    parts = PARTS | {"test": Part((COMPANIES, PEOPLE), asked)}
    return written.dataset(tmp_path_factory.mktemp("nl2sql"), parts)


def content(given):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in given).encode()


def changed(number, **changes):
    """The content with one answer changed; None removes a key."""
    given = [dict(one) for one in ANSWERS]
    given[number - 1] |= changes
    given[number - 1] = {key: value for key, value in given[number - 1].items() if value is not None}
    return content(given)


def conditions(*conds):
    """The content with other conditions in the first answer."""
    return changed(1, conds=list(conds), cond_conn_op=0 if len(conds) < 2 else 1)


def test_each_test_question_is_answered_in_the_competitions_form(data):
    written_queries = ["1 | 2==海南", "1 | 0==何景 and 2>1", "1,MAX2 | 0==甲\u2028乙\u0085丙 or 0!="]
    records = [{key(to_json(query(each))): 0.7, key({"x": 1}): 0.1} for each in written_queries]
    given = list(decode([Candidates.of([*records, {}])], data, {"vote": "query"}))
    assert given[:3] == ANSWERS[:3]
    assert given[3] == {"agg": [0], "sel": [5], "cond_conn_op": 0, "conds": [[1, 2, "远帆公司"]]}


def test_what_is_written_keeps_every_rule(data, tmp_path):
    file = tmp_path / FILE
    write(IDS, ANSWERS, file)
    assert file.read_bytes() == content(ANSWERS)
    assert "海南" in file.read_text("utf-8")
    assert check(file, IDS, data) == 4


def test_answers_and_ids_of_different_numbers_are_refused(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        write(IDS, ANSWERS[:2], tmp_path / FILE)
    assert not (tmp_path / FILE).exists()


GOOD = {
    "ASCII only": b"".join(json.dumps(one).encode() + b"\n" for one in ANSWERS),
    "no line break at the end": content(ANSWERS)[:-1],
    "Windows line ends": content(ANSWERS).replace(b"\n", b"\r\n"),
    "keys in another order": content([dict(reversed(one.items())) for one in ANSWERS]),
    "a value that no cell has": conditions([1, 2, "没有"]),
    "two conditions on one column": conditions([0, 0, "1"], [0, 1, "9"]),
    "the last column": changed(2, sel=[3]),
}


@pytest.mark.parametrize("lines", GOOD.values(), ids=GOOD)
def test_what_the_rules_allow(data, tmp_path, lines):
    file = tmp_path / "any name"
    file.write_bytes(lines)
    assert check(file, IDS, data) == 4


BAD = {
    "an empty file": (b"", ": expected a line for each of 4 test questions, received 0"),
    "too few": (content(ANSWERS[:3]), ": expected a line for each of 4 test questions, received 3"),
    "too many": (content(ANSWERS * 2), ":5: expected no line after the 4 test questions'"),
    "an empty line": (content(ANSWERS) + b"\n", ":5: expected content in each line, received a blank"),
    "an empty line between": (b"\n" + content(ANSWERS), ":1: expected content in each line"),
    "GBK": ("海".encode("gbk"), ":1: expected text in UTF-8, received byte 0xba at byte 1"),
    "no JSON": (b"{'agg': 1}\n", ":1: expected one JSON object a line, received broken JSON at column 2"),
    "a list": (b"[]\n", ":1: expected one JSON object a line, received a list of 0"),
    "one list of all": (json.dumps(ANSWERS).encode(), ":1: expected one JSON object a line, received a list"),
    "another table's column": (changed(2, sel=[4]), ":2: expected a selected column of 0 to 3, received 4"),
    "no agg": (changed(1, agg=None), ":1: expected the key 'agg', received ['cond_conn_op', 'conds', 'sel']"),
    "no conds": (changed(4, conds=None), ":4: expected the key 'conds', received ["),
    "a further key": (changed(1, question="?"), ":1: expected no keys but agg, sel, cond_conn_op, conds"),
    "a column as number": (changed(1, sel=1), ":1: expected a list for 'sel', received 1"),
    "no column": (changed(1, sel=[], agg=[]), ":1: expected one of 'agg' for each of 'sel', at least one"),
    "no aggregate": (changed(1, agg=[]), ":1: expected one of 'agg' for each of 'sel', at least one, rec"),
    "a column below 0": (changed(1, sel=[-1]), ":1: expected a selected column of 0 to 5, received -1"),
    "a column as text": (changed(1, sel=["1"]), "a selected column of 0 to 5, received '1'"),
    "a column as true": (changed(1, sel=[True]), "a selected column of 0 to 5, received True"),
    "a column as fraction": (changed(1, sel=[1.0]), "a selected column of 0 to 5, received 1.0"),
    "no such aggregate": (changed(1, agg=[6]), ":1: expected an aggregate of 0 to 5, received 6"),
    "no such connector": (changed(2, cond_conn_op=3), ":2: expected a connector of 0 to 2, received 3"),
    "a connector as true": (changed(2, cond_conn_op=True), "an integer for 'cond_conn_op', received True"),
    "no connector": (changed(2, cond_conn_op=0), "connector 1 or 2 for 2 conditions, received 0"),
    "a connector of one": (changed(1, cond_conn_op=1), "connector 0 for 1 conditions, received 1"),
    "a connector of none": (changed(4, cond_conn_op=2), "connector 0 for 0 conditions, received 2"),
    "a condition as object": (conditions({"a": 1}), ":1: condition 1: expected a list of column, oper"),
    "a condition of two": (conditions([0, 2]), "a list of column, operator and value, received [0, 2]"),
    "a condition's column": (
        conditions([0, 2, "a"], [6, 2, "a"]), ":1: condition 2: expected a column of 0 to 5, received 6",
    ),
    "no such operator": (conditions([0, 4, "a"]), "condition 1: expected an operator of 0 to 3, received 4"),
    "a number as value": (conditions([0, 2, 2021]), "condition 1: expected a string as value, received 2021"),
    "null as value": (conditions([0, 2, None]), "condition 1: expected a string as value, received None"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "message"), BAD.values(), ids=BAD)
def test_each_broken_rule_is_one_message_with_its_place(data, tmp_path, lines, message):
    file = tmp_path / FILE
    file.write_bytes(lines)
    with pytest.raises(InvalidSubmission, match=re.escape(message)) as raised:
        check(file, IDS, data)
    assert str(raised.value).startswith(f"{file}:")
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_a_folder_are_no_submissions(data):
    for place, received in ((data / "absent.json", "nothing of this name"), (data, "a folder")):
        with pytest.raises(InvalidSubmission, match=f"{place}: expected .* received {received}"):
            check(place, IDS, data)
