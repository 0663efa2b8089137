"""The contest's scorer on files: what it accepts, and the code it returns for what it does not."""

import json
import zipfile
from pathlib import Path

import pytest

from tasks.extraction.scoring.cli import score_files

REAL = Path(__file__).parents[4] / "shared/data/ske/dev_data.json"


def triple(subject="甲", predicate="p", object="乙"):
    return {"subject": subject, "predicate": predicate, "object": object}


TRIPLES = (triple(),)


def line(text="一", spo_list=TRIPLES, **other):
    return json.dumps({"text": text, "spo_list": list(spo_list)} | other, ensure_ascii=False).encode() + b"\n"


def raw(text, spo_list):
    return json.dumps({"text": text, "spo_list": spo_list}).encode()


GOLD = line() + line("二")


def zipped(file, members):
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def scored(folder, members, *, gold=GOLD, **options):
    (folder / "gold.json").write_bytes(gold)
    return score_files(folder / "gold.json", zipped(folder / "found.zip", members), **options)


def values(outcome):
    assert outcome["errorCode"] == 0, outcome
    return tuple(entry["value"] for entry in outcome["data"])


def test_the_outcome_has_the_official_shape(tmp_path):
    assert scored(tmp_path, {"result.json": line() + line("二", [triple(), triple("丙"), triple("丁")])}) == {
        "errorCode": 0,
        "errorMsg": "success",
        "data": [
            {"name": "precision", "value": 0.5},
            {"name": "recall", "value": 1.0},
            {"name": "f1-score", "value": 0.6667},
        ],
    }


HALF = (1, 0.5, 0.6667)
NOTHING = (0, 0, 0)
ACCEPTED = {
    "all": ({"a": GOLD}, (1, 1, 1)),
    "another order": ({"a": line("二") + line()}, (1, 1, 1)),
    "no line break at the end": ({"a": GOLD[:-1]}, (1, 1, 1)),
    "Windows line ends": ({"a": GOLD.replace(b"\n", b"\r\n")}, (1, 1, 1)),
    "spaces around a line": ({"a": b"  " + line()}, HALF),
    "further keys": ({"a": line(postag=[])}, HALF),
    "several members": ({"a": line(), "b": line("二")}, (1, 1, 1)),
    "a member that overwrites": ({"a": GOLD, "b": line("二", [])}, HALF),
    "a text given twice": ({"a": line("一", [triple("丙")]) + line()}, HALF),
    "a text not labelled": ({"a": line() + line("三")}, HALF),
    "a number as text": ({"a": line() + raw(3, [])}, HALF),
    "a number as predicate": ({"a": line("一", [triple(), triple(predicate=3)])}, (0.5, 0.5, 0.5)),
    "an empty string as list": ({"a": line() + raw("二", "")}, HALF),
    "a folder": ({"a/": b"", "a/b": line()}, HALF),
    "an empty member": ({"a": b""}, NOTHING),
    "no member": ({}, NOTHING),
}


@pytest.mark.parametrize(("members", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted(tmp_path, members, expected):
    assert values(scored(tmp_path, members)) == expected


REFUSED = {
    "GBK": ({"a": line().decode().encode("gbk")}, 2),
    "another file of the archive": ({"a": GOLD, "__MACOSX/._a": b"\0\5\x16\7\xff"}, 2),
    "an empty line": ({"a": line() + b"\n" + line()}, 3),
    "an empty line at the end": ({"a": GOLD + b"\n"}, 3),
    "a line of spaces": ({"a": b" \t\n"}, 3),
    "a byte order mark": ({"a": b"\xef\xbb\xbf" + GOLD}, 3),
    "half a line": ({"a": line()[:-4]}, 3),
    "two objects on a line": ({"a": GOLD.replace(b"\n", b" ")}, 3),
    "one JSON list": ({"a": b"[" + GOLD.strip().replace(b"\n", b",") + b"]"}, 4),
    "a number": ({"a": b"3"}, 4),
    "no text": ({"a": b'{"spo_list": []}'}, 4),
    "no triples": ({"a": b'{"text": "x"}'}, 4),
    "null for triples": ({"a": raw("一", None)}, 4),
    "a list as text": ({"a": raw(["一"], [])}, 4),
    "a triple as string": ({"a": raw("一", ["甲p乙"])}, 4),
    "a triple as list": ({"a": raw("一", [["甲", "p", "乙"]])}, 4),
    "an object for triples": ({"a": raw("一", triple())}, 4),
    "no subject": ({"a": raw("一", [{"predicate": "p", "object": "乙"}])}, 4),
    "no predicate": ({"a": raw("一", [{"subject": "甲", "object": "乙"}])}, 4),
    "no object": ({"a": raw("一", [{"subject": "甲", "predicate": "p"}])}, 4),
    "a number as subject": ({"a": raw("一", [triple(subject=1)])}, 4),
    "null as object": ({"a": raw("一", [triple(object=None)])}, 4),
    "a list as predicate": ({"a": raw("一", [triple(predicate=["p"])])}, 4),
    "a fault in a text not labelled": ({"a": GOLD + raw("三", [3])}, 4),
    "the first fault decides": ({"a": b"{}\n\n\xff"}, 4),
    "the first member decides": ({"a": b"\n", "b": b"\xff"}, 3),
}
MESSAGES = ("", "file_reading_error", "encoding_error", "json_parse_error", "schema_error")


@pytest.mark.parametrize(("members", "code"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("mode", ["official", "strict"])
def test_what_is_refused(tmp_path, members, code, mode):
    assert scored(tmp_path, members, mode=mode) == {"errorCode": code, "errorMsg": MESSAGES[code]}


def unreadable(folder):
    """Files that are no whole zip archive, by what is wrong."""
    whole = zipped(folder / "whole.zip", {"a": GOLD}).read_bytes()
    yield "missing", None
    yield "empty", b""
    yield "text", GOLD
    yield "cut", whole[:-30]
    yield "damaged", whole.replace(b'"text"', b'"tixt"')
    # bit 0 of the flags, 6 bytes into the local header and 8 into the central one
    local, central = whole.index(b"PK\3\4") + 6, whole.index(b"PK\1\2") + 8
    locked = bytearray(whole)
    locked[local] |= 1
    locked[central] |= 1
    yield "encrypted", bytes(locked)


def test_a_prediction_that_is_no_whole_archive_has_code_1(tmp_path):
    (tmp_path / "gold.json").write_bytes(GOLD)
    for name, content in unreadable(tmp_path):
        file = tmp_path / f"{name}.zip"
        if content is not None:
            file.write_bytes(content)
        outcome = score_files(tmp_path / "gold.json", file)
        assert (name, outcome["errorCode"]) == (name, 1)
    assert score_files(tmp_path / "gold.json", tmp_path)["errorCode"] == 1


@pytest.mark.parametrize(
    ("gold", "code"), [(b"\xff", 2), (GOLD + b"\n", 3), (b'{"text": "x"}', 4), (raw("x", [{}]), 4)]
)
def test_labels_are_checked_before_the_prediction(tmp_path, gold, code):
    assert scored(tmp_path, {"a": b"\n"}, gold=gold)["errorCode"] == code


def test_missing_labels_have_code_1(tmp_path):
    file = zipped(tmp_path / "found.zip", {"a": GOLD})
    assert score_files(tmp_path / "gold.json", file)["errorCode"] == 1


DICTIONARIES = {
    "an alias": ("子\t丑\t甲\n", "甲", "子", 1),
    "upper case": ("ABC\tDeF\n", "def", "abc", 1),
    "the last line of a name": ("子\t甲\n子\t丑\n", "甲", "子", 0),
    "an empty line": ("\n子\t甲\n", "甲", "子", 1),
    "parted by spaces": ("子 甲\n", "甲", "子", 0),
    "a space before the alias": ("子\t 甲\n", "甲", "子", 0),
}


@pytest.mark.parametrize(("content", "label", "found", "f1"), DICTIONARIES.values(), ids=DICTIONARIES)
def test_aliases_are_read_from_a_file(tmp_path, content, label, found, f1):
    (tmp_path / "alias").write_text(content, encoding="utf-8")
    gold, answer = line("一", [triple(label)]), line("一", [triple(found)])
    assert values(scored(tmp_path, {"a": answer}, gold=gold, alias=tmp_path / "alias")) == (f1, f1, f1)


def test_locations_are_read_from_a_file(tmp_path):
    (tmp_path / "location").write_text("乙\t丙\n", encoding="utf-8")
    found = {"a": line("一", [triple(object="丙")])}
    assert values(scored(tmp_path, found, location=tmp_path / "location")) == HALF
    assert values(scored(tmp_path, found)) == NOTHING


@pytest.mark.parametrize("which", ["alias", "location"])
def test_a_dictionary_that_cannot_be_read_has_code_1_before_anything_else(tmp_path, which):
    (tmp_path / "gbk").write_bytes("子\t甲".encode("gbk"))
    for file in (tmp_path / "absent", tmp_path / "gbk"):
        assert scored(tmp_path, {"a": b"\n"}, gold=b"\n", **{which: file})["errorCode"] == 1


def test_strict_scores_are_not_rounded_and_unknown_texts_have_a_code(tmp_path):
    three = {"a": line("一", [triple(), triple("丙"), triple("丁")])}
    assert values(scored(tmp_path, three)) == (0.3333, 0.5, 0.4)
    assert values(scored(tmp_path, three, mode="strict")) == pytest.approx((1 / 3, 0.5, 0.4), abs=1e-12)
    outcome = scored(tmp_path, {"a": line("三")}, mode="strict")
    assert outcome == {"errorCode": 5, "errorMsg": "input_text_not_in_dataset"}


@pytest.mark.skipif(not REAL.exists(), reason="no real data")
def test_labels_of_the_real_data_answer_themselves(tmp_path):
    file = zipped(tmp_path / "found.zip", {"result.json": REAL.read_bytes()})
    for mode in ("official", "strict"):
        assert values(score_files(REAL, file, mode=mode)) == (1, 1, 1)
