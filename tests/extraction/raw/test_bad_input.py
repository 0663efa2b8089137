"""Every way in which raw files are wrong: what is done to a good set, and what the message must say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, InvalidSettings
from tasks.extraction import data
from tasks.extraction.config import Data
from tasks.text.dataset_files import PARTS
from tests.extraction.mutations import (
    content,
    encoded,
    end_cut,
    folder_instead,
    lacks,
    line,
    put,
    schema_again,
    value,
)
from tests.extraction.raw_files import load, write

SCHEMA, TRAIN, VALIDATION, TEST = (
    "all_50_schemas",
    "train_data.json",
    "dev_data.json",
    "test1_data_postag.json",
)


class Case(NamedTuple):
    name: str
    file: str
    mutate: Callable[[Path], object]
    """Is given the file."""
    says: tuple[str, ...]
    settings: dict[str, Any] = {}


ALIAS, EXTRA = {"alias": "alias.txt"}, {"extra": ("more.json",)}
FIRST = ("spo_list", 0)

CASES = [
    Case("no file", TRAIN, Path.unlink, ("sentences of train", "nothing of this name")),
    Case("no schemas", SCHEMA, Path.unlink, ("the schemas", "nothing of this name")),
    Case("no extra file", "more.json", lambda file: None, ("nothing of this name",), EXTRA),
    Case("no alias file", "alias.txt", lambda file: None, ("a dictionary", "nothing"), ALIAS),
    Case("a folder", VALIDATION, folder_instead, ("sentences of validation", "a folder")),
    Case("a dangling link", TEST, lambda f: (f.unlink(), f.symlink_to("no")), ("a broken link",)),
    Case("nothing in it", TRAIN, content(""), ("at least one line", "an empty file (0 bytes)")),
    Case("blank lines only", TEST, content("\n \r\n"), ("an empty file (blank lines only)",)),
    Case("no schema in it", SCHEMA, content(""), ("an empty file",)),
    Case("not UTF-8", TRAIN, line(2, b'{"text": "\xff"}'), (":2:", "UTF-8", "0xff at byte 11")),
    Case("Chinese in GB 18030", VALIDATION, encoded("gb18030"), (":1:", "text in UTF-8")),
    Case("UTF-16 with its mark", TRAIN, encoded("utf-16"), ("UTF-8", "UTF-16")),
    Case("UTF-16 without", TRAIN, encoded("utf-16-le"), (":1:", "NUL byte (of UTF-16")),
    Case("NUL bytes", TRAIN, line(3, bytes(40)), (":3:", "a NUL byte")),
    Case("broken JSON", TRAIN, line(2, '{"text": "a" "b"}'), (":2:", "column 14", "',' delimiter")),
    Case("a cut end", TRAIN, end_cut, (":3:", "the file ends within this line")),
    Case("a blank line", VALIDATION, line(1, "  "), (":1:", "a blank line")),
    Case("a list of all", TRAIN, content('[{"text": "a"}, {}]\n'), (":1:", "a list of 2")),
    Case("a number as line", TEST, line(2, "17"), (":2:", "one JSON object a line", "the number 17")),
    Case("two objects", TRAIN, line(1, "{} {}"), (":1:", "Extra data")),
    Case("a key twice", TRAIN, line(1, '{"text": "a", "text": "b"}'), (":1:", '"text" more than once')),
    Case("NaN", TRAIN, line(1, '{"text": NaN}'), (":1:", "NaN, which is no JSON")),
    Case("infinity", TRAIN, line(1, '{"text": -Infinity}'), (":1:", "-Infinity")),
    Case("deep nesting", TRAIN, line(2, "[" * 100_000), (":2:", "nested too deeply")),
    Case("a huge number", TRAIN, line(2, '{"text": ' + "9" * 5000 + "}"), (":2:", "too many digits")),
    Case("a huge line", TRAIN, line(1, "x" * (3 << 20)), (":1:", "1,048,576 bytes", "a longer one")),
    Case("a raw line feed", TRAIN, line(1, '{"text": "a\tb"}'), (":1:", "Invalid control character")),
    Case("no text", TEST, lacks(2, "text"), (":2:", 'the key "text"', 'an object with "postag"')),
    Case("text misspelt", TEST, line(1, '{"texts": "a"}'), (":1:", 'is "texts" meant?')),
    Case("a number as text", TRAIN, put(1, "text", to=3.5), (":1:", 'text as "text"', "number 3.5")),
    Case("null as text", TEST, put(1, "text", to=None), (":1:", 'text as "text"', "null")),
    Case("empty text", TEST, put(1, "text", to=""), (":1:", 'text as "text"', "an empty one")),
    Case("a text of spaces", TRAIN, put(1, "text", to=" \u3000"), (":1:", "white space only")),
    Case("NUL in a text", TRAIN, put(1, "text", to="ab\0"), (":1:", "NUL character as character 3")),
    Case("half a pair", TEST, put(2, "text", to="a\ud83d"), (":2:", r"surrogate pair, '\ud83d'")),
    Case("half a pair, object", TRAIN, put(2, *FIRST, "object", to="\udc00"), (":2:", "spo_list[0].object")),
    Case("no spo_list", VALIDATION, lacks(1, "spo_list"), (":1:", 'the key "spo_list"')),
    Case("no list", TRAIN, put(1, "spo_list", to={}), (":1:", 'a list as "spo_list"', "no keys")),
    Case("null as list", TRAIN, put(1, "spo_list", to=None), (":1:", 'a list as "spo_list"', "null")),
    Case("a triple as list", TRAIN, put(1, "spo_list", to=[["a"]]), (":1:", "triple 1", "a list of 1")),
    Case("no subject", TRAIN, lacks(3, *FIRST, "subject"), (":3:", '"subject" in triple 1')),
    Case("no predicate", TRAIN, lacks(3, "spo_list", 1, "predicate"), ('"predicate" in triple 2',)),
    Case("no object", VALIDATION, lacks(2, *FIRST, "object"), (":2:", '"object" in triple 1')),
    Case("DuIE 2.0", TRAIN, put(1, *FIRST, "object", to={"@value": "a"}), ('with "@value"', 'as "object"')),
    Case("empty subject", TRAIN, put(2, *FIRST, "subject", to=""), (":2:", 'text as "subject"', "empty")),
    Case("empty object", TRAIN, put(2, *FIRST, "object", to=" "), (":2:", "white space only")),
    Case("another predicate", TRAIN, put(1, *FIRST, "predicate", to="作着"), ("a predicate of", ": 作者)")),
    Case("a far one", VALIDATION, put(1, *FIRST, "predicate", to="xyz"), (":1:", 'received "xyz"')),
    Case("no list of words", TEST, put(1, "postag", to="ab"), (":1:", 'a list as "postag"', '"ab"')),
    Case("a word as text", TRAIN, put(1, "postag", 1, to="b"), (":1:", "an object in postag 2")),
    Case("no pos", TRAIN, lacks(2, "postag", 0, "pos"), (":2:", "word and pos in postag 1", "null")),
    Case("number as word", TEST, put(2, "postag", 0, "word", to=1), (":2:", "postag 1", "number 1")),
    Case("schema broken", SCHEMA, line(3, "{"), (":3:", "broken JSON at column 2")),
    Case("schema lacks a key", SCHEMA, lacks(2, "object_type"), (":2:", 'the key "object_type"')),
    Case("schema empty", SCHEMA, put(2, "predicate", to=""), (":2:", 'text as "predicate"')),
    Case("schema with number", SCHEMA, put(4, "subject_type", to=4), (":4:", 'text as "subject_type"')),
    Case("schema twice", SCHEMA, schema_again, (":5:", "each schema once", "of line 2 again")),
    Case("no tab", "alias.txt", content("北京\n"), (":1:", "separated by tabs", '"北京"'), ALIAS),
    Case("no key", "alias.txt", content("a\tb\n\tc\n"), (":2:", "a key and its aliases", r'"\tc"'), ALIAS),
    Case("no alias", "alias.txt", content("a\t\n"), (":1:", "a key and its aliases"), ALIAS),
    Case("alias not UTF-8", "alias.txt", content(b"a\t\xe5"), (":1:", "byte 0xe5 at byte 3"), ALIAS),
    Case("extra wrong", "more.json", content('{"text": "a"}\n'), (":1:", '"spo_list"'), EXTRA),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "raw")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_wrong_files_are_refused_and_nothing_is_written(case: Case, root: Path, tmp_path: Path) -> None:
    case.mutate(root / case.file)
    settings = Data(root=str(root), **case.settings)
    reading = [part for part in PARTS if case.file in settings.files_of(part)]
    assert reading
    for part in reading:
        folder = tmp_path / part
        folder.mkdir()
        with pytest.raises(InvalidData) as error:
            data.load(settings, part, folder)
        assert str(error.value).startswith(str(root / case.file) + ":")
        assert [words for words in case.says if words not in str(error.value)] == []
        assert len(error.value.problems) <= len(CASES)
        assert list(folder.iterdir()) == []


ACCEPTED = [
    ("Windows line ends", TRAIN, lambda f: f.write_bytes(f.read_bytes().replace(b"\n", b"\r\n"))),
    ("a byte order mark", TRAIN, lambda f: f.write_bytes(b"\xef\xbb\xbf" + f.read_bytes())),
    ("a mark in the schemas", SCHEMA, lambda f: f.write_bytes(b"\xef\xbb\xbf" + f.read_bytes())),
    ("no line feed at the end", VALIDATION, lambda f: f.write_bytes(f.read_bytes().rstrip())),
    ("blank lines at the end", TEST, lambda f: f.write_bytes(f.read_bytes() + b"\n \r\n")),
    ("other keys", TRAIN, put(1, "source", to={"page": 3})),
    ("escapes", TRAIN, value(1, lambda parsed: None)),
]


@pytest.mark.parametrize(("file", "mutate"), [case[1:] for case in ACCEPTED], ids=[c[0] for c in ACCEPTED])
def test_harmless_differences_change_nothing(file: str, mutate: Any, root: Path, tmp_path: Path) -> None:
    written = []
    for name in ("before", "after"):
        written.append({part.name: part.read_bytes() for part in load(root, tmp_path / name).iterdir()})
        mutate(root / file)
    assert written[0] == written[1]


def test_all_problems_of_all_files_are_told_at_once(root: Path) -> None:
    (root / TRAIN).write_text("{\n" * 100)
    put(2, *FIRST, "predicate", to="作着")(root / VALIDATION)
    (root / TEST).unlink()
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    told = str(error.value).splitlines()
    assert len(error.value.problems) == 102
    assert len(told) == 21
    assert {file for file in (TRAIN, VALIDATION, TEST) for line in told if file in line} == {
        TRAIN,
        VALIDATION,
        TEST,
    }


def test_a_file_wrong_throughout_is_not_read_to_its_end(root: Path) -> None:
    (root / TRAIN).write_text("{\n" * 5000)
    with pytest.raises(InvalidData, match=r"and 980 more") as error:
        data.count(Data(root=str(root)))
    assert len(error.value.problems) == 1000


def test_one_line_may_be_wrong_in_several_ways(root: Path) -> None:
    line(1, '{"postag": 1, "spo_list": [{"subject": "", "predicate": "作者"}]}')(root / TRAIN)
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    assert [problem.line for problem in error.value.problems] == [1] * 4


def test_predicates_are_not_compared_with_schemas_that_are_wrong(root: Path) -> None:
    (root / SCHEMA).write_text("{}\n")
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    assert {Path(problem.file).name for problem in error.value.problems} == {SCHEMA}


def test_training_sentences_without_any_triple_are_refused(root: Path) -> None:
    content('{"text": "ab", "spo_list": []}\n')(root / TRAIN)
    with pytest.raises(InvalidData, match=r"train_data.json: expected triples to learn from"):
        data.count(Data(root=str(root)))


@pytest.mark.parametrize("part", PARTS)
def test_a_folder_beside_is_named_for_a_part_alone(root: Path, part: Part) -> None:
    for file in {SCHEMA, TRAIN, VALIDATION, TEST} - set(Data().files_of(part)):
        (root / file).unlink()
    with pytest.raises(InvalidData, match=f"try --set data.root={root}"):
        data.load(Data(root=str(root.parent)), part, root)


@pytest.mark.parametrize("near", ["above", "below"])
def test_a_folder_beside_is_named(root: Path, near: str) -> None:
    asked = root.parent if near == "above" else root / "inner"
    asked.mkdir(exist_ok=True)
    with pytest.raises(InvalidData, match=f"try --set data.root={root}"):
        data.count(Data(root=str(asked)))


def test_a_folder_that_is_not_there_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"none: expected a folder with all_50_schemas, train_data.json"):
        data.count(Data(root=str(tmp_path / "none")))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"extra": (TRAIN,)}, "data.extra: expected names that differ"),
        ({"extra": ("dev_data.jsonl",)}, "from dev_data.json, received dev_data.jsonl"),
        ({"extra": ("a.json", "a.txt")}, "from a.json, received a.txt"),
        ({"extra": ("../a.json",)}, "data.extra: expected the name of a file in data.root"),
        ({"extra": ("",)}, "received ''"),
        ({"alias": "/alias.txt"}, "data.alias: expected the name"),
        ({"location": ".hidden"}, "data.location: expected the name"),
    ],
)
def test_names_that_the_cache_could_not_tell_apart_are_refused(
    settings: dict[str, Any], says: str, root: Path
) -> None:
    with pytest.raises(InvalidSettings, match=says):
        data.count(Data(root=str(root), **settings))


def test_a_key_that_has_its_own_meaning_is_not_suggested_for_another(root: Path) -> None:
    lacks(3, *FIRST, "subject")(root / TRAIN)
    with pytest.raises(InvalidData) as error:
        data.count(Data(root=str(root)))
    assert "meant?" not in str(error.value)
