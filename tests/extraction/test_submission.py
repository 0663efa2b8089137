import json
import re
import zipfile

import pytest

from tasks.core.errors import InvalidSubmission
from tasks.extraction.scoring.cli import score_files
from tasks.extraction.submission import answer, check, write

SCHEMA = [
    {"subject_type": "书籍", "predicate": "作者", "object_type": "人物"},
    {"subject_type": "影视作品", "predicate": "上映时间", "object_type": "Date"},
    {"subject_type": "影视作品", "predicate": "成立日期", "object_type": "Date"},
    {"subject_type": "企业", "predicate": "成立日期", "object_type": "Date"},
]
TEXTS = ["《围城》是钱钟书的小说", "没有什么", "《围城》是钱钟书的小说", "A\u2028b\u0085c"]
IDS = [f"test1:{number}" for number in range(1, 5)]
TRIPLES = [[("围城", "作者", "钱钟书")], [], [("《围城》", "作者", "钱钟书"), ("甲", "成立日期", "1月")], []]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [{"id": id, "text": text, "words": None} for id, text in zip(IDS, TEXTS, strict=True)]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "test.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    return folder


def answers():
    return [answer(text, triples, SCHEMA) for text, triples in zip(TEXTS, TRIPLES, strict=True)]


def zipped(file, members):
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def changed(number, **changes):
    """The content with one answer changed."""
    given = answers()
    given[number - 1] |= changes
    return content(given)


def content(given):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in given).encode()


def spo(**changes):
    """The content with the first sentence's triple changed; None removes a key."""
    triple = answers()[0]["spo_list"][0] | changes
    return changed(1, spo_list=[{key: value for key, value in triple.items() if value is not None}])


def test_an_answer_has_the_types_of_its_predicates_first_row():
    assert answer("文", [("甲", "成立日期", "1月")], SCHEMA) == {
        "text": "文",
        "spo_list": [
            {
                "subject": "甲",
                "predicate": "成立日期",
                "object": "1月",
                "subject_type": "影视作品",
                "object_type": "Date",
            }
        ],
    }
    assert answer("文", [], SCHEMA) == {"text": "文", "spo_list": []}


def test_what_is_written_reads_back_and_keeps_every_rule(data, tmp_path):
    file = tmp_path / "submission.zip"
    write(IDS, answers(), file)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["result.json"]
        assert archive.read("result.json") == content(answers())
    assert check(file, IDS, data) == 4


def test_equal_answers_give_equal_bytes(tmp_path):
    files = [tmp_path / name for name in ("one.zip", "two.zip")]
    for file in files:
        write(IDS, answers(), file)
    assert files[0].read_bytes() == files[1].read_bytes()
    with zipfile.ZipFile(files[0]) as archive:
        entry = archive.getinfo("result.json")
    assert (entry.date_time, entry.external_attr >> 16) == ((1980, 1, 1, 0, 0, 0), 0o644)
    assert entry.compress_type == zipfile.ZIP_DEFLATED


def test_the_scorer_reads_what_is_written(tmp_path):
    (tmp_path / "gold.json").write_bytes(content(answers()))
    write(IDS, answers(), tmp_path / "submission.zip")
    for mode in ("official", "strict"):
        outcome = score_files(tmp_path / "gold.json", tmp_path / "submission.zip", mode=mode)
        assert [entry["value"] for entry in outcome["data"]] == [1, 1, 1]


def test_answers_and_ids_of_different_numbers_are_refused(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        write(IDS, answers()[:2], tmp_path / "submission.zip")
    assert not (tmp_path / "submission.zip").exists()


GOOD = {
    "no types": spo(subject_type=None, object_type=None),
    "names that are not in the text": spo(subject="围城记", object="杨绛"),
    "further keys": changed(2, postag=[]),
    "the types of a later row": changed(
        2,
        spo_list=[
            {
                "subject": "甲",
                "predicate": "成立日期",
                "object": "1",
                "subject_type": "企业",
                "object_type": "Date",
            }
        ],
    ),
    "ASCII only": b"".join(json.dumps(one).encode() + b"\n" for one in answers()),
    "no line break at the end": content(answers())[:-1],
    "Windows line ends": content(answers()).replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("lines", GOOD.values(), ids=GOOD)
def test_what_the_rules_allow(data, tmp_path, lines):
    assert check(zipped(tmp_path / "any name", {"any": lines}), IDS, data) == 4


TWICE = [*answers()[0]["spo_list"] * 2]
AS_TITLE = [TWICE[0], TWICE[0] | {"subject": "《围城》"}]
R = "result.json"
BAD = {
    "no file": ({}, ": expected an archive of one file, received an empty one"),
    "two files": ({"a": b"", "b": b""}, ": expected an archive of one file, received 2: 'a', 'b'"),
    "a folder": ({"out/": b""}, ": expected a file outside any folder, received 'out/'"),
    "a file in a folder": ({"out/a": b""}, ": expected a file outside any folder, received 'out/a'"),
    "an empty file": ({R: b""}, ": result.json: expected a line for each of 4 test sentences, received 0"),
    "too few": (
        {R: content(answers()[:3])},
        ": result.json: expected a line for each of 4 test sentences, received 3",
    ),
    "too many": ({R: content(answers() * 2)}, ":5: expected no line after the 4 test sentences'"),
    "another order": (
        {R: content(answers()[::-1])},
        ": result.json:1: expected the text of test sentence test1:1, '《围城》是钱钟书的小说', received 'A",
    ),
    "a text changed": ({R: changed(2, text="没有什么 ")}, "test1:2, '没有什么', received '没有什么 '"),
    "GBK": ({R: "甲".encode("gbk")}, ":1: expected text in UTF-8, received byte 0xbc at byte 1"),
    "an empty line": ({R: content(answers()) + b"\n"}, ":5: expected content in each line, received a blank"),
    "an empty line between": ({R: b"\n" + content(answers())}, ":1: expected content in each line"),
    "no JSON": ({R: b"{'text': 1}\n"}, ":1: expected one JSON object a line, received broken JSON"),
    "a byte order mark": ({R: b"\xef\xbb\xbf" + content(answers())}, "UTF-8 without a byte order mark"),
    "a list": ({R: b"[]\n"}, ":1: expected one JSON object a line, received a list of 0"),
    "no text": ({R: b'{"spo_list": []}'}, ":1: expected the key 'text', received ['spo_list']"),
    "no list": ({R: b'{"text": "a"}'}, ":1: expected the key 'spo_list', received ['text']"),
    "a number as text": ({R: changed(1, text=3)}, ":1: expected a string for 'text', received 3"),
    "null as list": ({R: changed(3, spo_list=None)}, ":3: expected a list for 'spo_list', received None"),
    "a triple as string": (
        {R: changed(1, spo_list=["甲"])},
        ":1: triple 1: expected an object, received '甲'",
    ),
    "no subject": ({R: spo(subject=None)}, ":1: triple 1: expected the key 'subject', received ['object'"),
    "no predicate": ({R: spo(predicate=None)}, ":1: triple 1: expected the key 'predicate', received"),
    "a number as object": ({R: spo(object=7)}, "that is not empty for 'object', received 7"),
    "an empty object": ({R: spo(object="")}, "a string that is not empty for 'object', received ''"),
    "a subject of spaces": ({R: spo(subject="《 》")}, "not empty for 'subject', received '《 》'"),
    "an unknown predicate": ({R: spo(predicate="歌手")}, "a predicate of the schema, received '歌手'"),
    "a list as predicate": ({R: spo(predicate=[])}, "not empty for 'predicate', received []"),
    "another type": ({R: spo(object_type="Date")}, "types of a schema row of 作者, received '书籍, Date'"),
    "a type as number": ({R: spo(subject_type=1)}, "not empty for 'subject_type', received 1"),
    "a triple twice": (
        {R: changed(1, spo_list=TWICE)},
        ":1: triple 2: expected each triple once, received '围城 作者 钱钟书'",
    ),
    "a triple twice, once as a title": (
        {R: changed(1, spo_list=AS_TITLE)},
        ":1: triple 2: expected each triple once, received '《围城》 作者 钱钟书'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("members", "message"), BAD.values(), ids=BAD)
def test_each_broken_rule_is_one_message_with_its_place(data, tmp_path, members, message):
    file = zipped(tmp_path / "submission.zip", members)
    with pytest.raises(InvalidSubmission, match=re.escape(message)) as raised:
        check(file, IDS, data)
    assert str(raised.value).startswith(f"{file}: ")
    assert "\n" not in str(raised.value)


def damaged(tmp_path):
    whole = zipped(tmp_path / "whole.zip", {R: content(answers())}).read_bytes()
    locked = bytearray(whole)
    locked[6] |= 1  # bit 0 of the flags, in the local header and in the central one
    locked[whole.index(b"PK\1\2") + 8] |= 1
    return {
        "text": (content(answers()), "expected a whole zip archive, received one that is not"),
        "empty": (b"", "expected a whole zip archive"),
        "cut": (whole[:-40], "expected a whole zip archive"),
        "damaged": (whole.replace(b'"text"', b'"tixt"'), "expected a whole zip archive"),
        "encrypted": (bytes(locked), "result.json: expected no password, received an encrypted file"),
    }


def test_a_file_that_is_no_whole_archive_is_refused(data, tmp_path):
    for name, (bytes_, message) in damaged(tmp_path).items():
        file = tmp_path / f"{name}.zip"
        file.write_bytes(bytes_)
        with pytest.raises(InvalidSubmission, match=f"{name}.zip: {message}"):
            check(file, IDS, data)


def test_a_missing_file_and_a_folder_are_no_submissions(data):
    for place, received in ((data / "absent.zip", "nothing of this name"), (data, "a folder")):
        with pytest.raises(InvalidSubmission, match=f"{place}: expected .* received {received}"):
            check(place, IDS, data)


def test_answers_written_one_by_one_give_the_bytes_of_a_whole_entry(tmp_path):
    """Compression does not depend on the pieces in which it gets its text."""
    many = [
        answer(f"{text}{row * 7919}", triples, SCHEMA)
        for row in range(2000)
        for text, triples in zip(TEXTS, TRIPLES, strict=True)
    ]
    write([str(row) for row in range(len(many))], iter(many), file := tmp_path / "result.zip")
    entry = zipfile.ZipInfo("result.json", (1980, 1, 1, 0, 0, 0))
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr(entry, content(many))
    assert file.read_bytes() == (tmp_path / "whole.zip").read_bytes()


def test_an_archive_that_is_damaged_at_its_end_is_told_before_its_lines(data, tmp_path):
    write(IDS, [{"text": "another", "spo_list": []} for _ in IDS], file := tmp_path / "result.zip")
    whole = bytearray(file.read_bytes())
    place = whole.find(b"PK\x01\x02") + 16  # the checksum in the directory
    whole[place] ^= 1
    file.write_bytes(whole)
    with pytest.raises(
        InvalidSubmission, match="expected a whole zip archive, received one that is not: Bad CRC"
    ):
        check(file, IDS, data)


def test_a_submission_is_bounded_when_it_is_unpacked(data, tmp_path, monkeypatch):
    padded = content(answers()).rstrip(b"\n") + b" " * 5000
    with zipfile.ZipFile(file := tmp_path / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(R, padded)
    monkeypatch.setenv("PODIUM_MOST_SUBMISSION_BYTES", str(len(padded)))
    assert check(file, IDS, data) == 4
    monkeypatch.setenv("PODIUM_MOST_SUBMISSION_BYTES", str(len(padded) - 1))
    with pytest.raises(InvalidSubmission, match=r"result.json: expected a submission of at most .*_BYTES\)"):
        check(file, IDS, data)


@pytest.mark.parametrize("place", [16, 20, 24])
def test_checksums_and_sizes_that_lie_are_one_message(data, tmp_path, place):
    file = zipped(tmp_path / "submission.zip", {R: content(answers())})
    archive = bytearray(file.read_bytes())
    archive[archive.index(b"PK\1\2") + place] ^= 1
    file.write_bytes(archive)
    with pytest.raises(InvalidSubmission, match="expected a whole zip archive, received one that is not"):
        check(file, IDS, data)
