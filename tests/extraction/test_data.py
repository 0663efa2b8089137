import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.dataset import notes as dataset_notes
from tasks.core.dataset import notes_file
from tasks.core.errors import Problem
from tasks.extraction import data
from tasks.extraction import dataset as files
from tasks.extraction.config import Data
from tasks.extraction.overlap import overlap
from tasks.extraction.raw.files import read_dictionary
from tasks.extraction.scoring import cli
from tasks.text import dataset_files
from tasks.text.normalisation import normalise
from tests.extraction.raw_files import TRAIN, VALIDATION, load, sentence, triple, write, write_lines

REAL = Path(__file__).parents[3] / "shared" / "data" / "ske"
SUBJECT = ("远帆公司", "成立日期", "1998年")


def loaded(root: Path, **settings: Any) -> Path:
    return load(root, root.parent / "dataset", **settings)


def with_train(tmp_path: Path, *added: dict[str, Any]) -> Path:
    """Raw files with more training sentences, from line 4 on."""
    root = write(tmp_path / "raw")
    write_lines(root / "train_data.json", [*(sentence(*one) for one in TRAIN), *added])
    return root


def notes(root: Path, **settings: Any) -> dict[str, list[str]]:
    found = data.count(Data(root=str(root), **settings))["notes"]
    return {note["kind"]: note["examples"] for note in found}


def test_good_files_give_no_note(tmp_path: Path) -> None:
    assert notes(write(tmp_path / "raw")) == {}


def test_dataset_can_be_read_back(tmp_path: Path) -> None:
    dataset = loaded(write(tmp_path / "raw"))
    train = files.records(dataset, "train")
    assert [record.id for record in train] == ["train_data:1", "train_data:2", "train_data:3"]
    assert [(record.text, list(record.triples)) for record in train] == list(TRAIN)
    assert train[0].words == tuple("《青石巷》是陆一舟写的书")
    validation = files.records(dataset, "validation")
    assert [(record.text, list(record.triples)) for record in validation] == list(VALIDATION)
    assert files.records(dataset, "test")[1].triples == ()
    assert dataset_files.ids(dataset, "test") == ["test1_data_postag:1", "test1_data_postag:2"]
    assert files.predicates(dataset) == ["作者", "成立日期", "出生地"]
    assert files.schema(dataset)[2]["subject_type"] == "企业"
    assert files.dictionaries(dataset) == ({}, {})
    assert [record.id for record in train] == dataset_files.ids(dataset, "train")


def test_count_says_what_load_writes(tmp_path: Path) -> None:
    root = with_train(tmp_path, sentence("远帆公司成立于1998年", [SUBJECT, SUBJECT]))
    counted = data.count(Data(root=str(root)), workers=3)
    assert {note["kind"] for note in counted["notes"]} == {"repeated_text", "repeated_triple"}
    dataset = loaded(root)
    assert dataset_notes(dataset, dataset_files.PARTS) == counted
    for part in dataset_files.PARTS:
        written = json.loads((dataset / notes_file(part)).read_text("utf-8"))
        assert written["counts"].items() <= counted["counts"].items()
        assert written["notes"] == (counted["notes"] if part == "train" else [])


def test_a_part_is_read_without_the_files_of_the_others(tmp_path: Path) -> None:
    whole = loaded(write(tmp_path / "raw"), longest=50)
    common = set(files.COMMON)
    for part in dataset_files.PARTS:
        root, folder = write(tmp_path / f"raw {part}"), tmp_path / part
        folder.mkdir()
        settings = Data(root=str(root), longest=50)
        for file in root.iterdir():
            if file.name not in settings.files_of(part):
                file.unlink()
        data.load(settings, part, folder)
        further = {*common, "unlabelled.json"} if part == "train" else set()
        names = {f"{part}.jsonl", notes_file(part), *further}
        assert {path.name for path in folder.iterdir()} == names
        assert all((folder / name).read_bytes() == (whole / name).read_bytes() for name in names)


def test_names_of_training_files_decide_the_training_part_alone() -> None:
    plain = Data()
    more = Data(extra=("more.json",), alias="alias.txt", location="location.txt")
    assert plain.files_of("train") == ("all_50_schemas", "train_data.json")
    assert more.files_of("train") == (*plain.files_of("train"), "more.json", "alias.txt", "location.txt")
    assert more.options_of("train") != plain.options_of("train")
    for part in ("validation", "test"):
        assert more.files_of(part) == plain.files_of(part)
        assert more.options_of(part) == plain.options_of(part)
        assert Data(longest=100).options_of(part) != plain.options_of(part)


def test_counts_tell_parts_files_lengths_and_predicates(tmp_path: Path) -> None:
    root = write(tmp_path / "raw")
    write_lines(root / "more.json", [{"text": "x" * 40, "spo_list": []}])
    counts = data.count(Data(root=str(root), extra=("more.json",)))["counts"]
    assert (counts["train"], counts["validation"], counts["test"]) == (4, 2, 2)
    assert (counts["sentences of train_data"], counts["sentences of more"]) == (3, 1)
    assert (counts["train triples"], counts["validation triples"]) == (4, 2)
    assert (counts["train 作者"], counts["validation 作者"], counts["validation 成立日期"]) == (2, 1, 0)
    assert (counts["train median length"], counts["train longest"]) == (13, 40)
    assert (counts["validation longest"], counts["test longest"]) == (10, 9)


def test_predicates_that_a_file_never_labels_are_unknown_in_its_sentences(tmp_path: Path) -> None:
    root = write(tmp_path / "raw")
    extra = [
        sentence(f"《青石巷》是陆一舟写的书{number}", [("青石巷", "作者", "陆一舟")]) for number in range(60)
    ]
    write_lines(root / "more.json", extra)
    found = load(root, tmp_path / "unknown", extra=("more.json",))
    assert files.unlabelled(found) == {"more": ["成立日期", "出生地"]}
    assert notes(root, extra=("more.json",))["unlabelled"] == [
        "more: 成立日期, of which 20 were expected",
        "more: 出生地, of which 20 were expected",
    ]
    assert "unlabelled" not in notes(root, extra=("more.json",), unlabelled="absent")
    assert files.unlabelled(load(root, tmp_path / "absent", extra=("more.json",), unlabelled="absent")) == {}
    assert files.unlabelled(load(root, tmp_path / "alone")) == {}


def test_the_test_part_holds_no_triples(tmp_path: Path) -> None:
    root = write(tmp_path / "raw")
    write_lines(root / "test1_data_postag.json", [{"text": "何景著", "spo_list": "anything"}])
    dataset = loaded(root)
    assert json.loads((dataset / "test.jsonl").read_text("utf-8")) == {
        "id": "test1_data_postag:1",
        "text": "何景著",
        "words": None,
    }
    assert "labelled_test" in notes(root)


def test_training_characters_are_counted_as_models_read_them(tmp_path: Path) -> None:
    root = with_train(tmp_path, {"text": "Ａa\u3000\tA，,", "spo_list": []})
    found = dataset_files.characters(loaded(root))
    texts = "".join(normalise(text) for text, _ in TRAIN) + "aa  a,,"
    assert dict(found) == {one: texts.count(one) for one in texts}
    assert found == sorted(found, key=lambda entry: (-entry[1], entry[0]))


def test_line_separators_within_a_text_survive(tmp_path: Path) -> None:
    text = "甲\u2028乙\x85丙\x1c丁"
    dataset = loaded(with_train(tmp_path, {"text": text, "spo_list": []}))
    assert [record.text for record in files.records(dataset, "train")][3:] == [text]


def test_strings_are_kept_exactly_and_repeated_triples_once(tmp_path: Path) -> None:
    stated = [("Ｂ ", "作者", "a"), ("c", "作者", "D"), ("Ｂ ", "作者", "a")]
    root = with_train(tmp_path, sentence(" Ｂ a\u3000c D ", stated))
    record = files.records(loaded(root), "train")[3]
    assert record.text == " Ｂ a\u3000c D "
    assert list(record.triples) == stated[:2]


def test_dictionaries_are_read_as_the_scorer_reads_them(tmp_path: Path) -> None:
    root = write(tmp_path / "raw")
    lines = "NBA\t美职篮\tN.B.A\r\n北大\t 北京大学\nnba\t美职篮 \tAssociation\t\n"
    (root / "alias.txt").write_text(lines, "utf-8")
    (root / "location.txt").write_text("中国\t北京", "utf-8")
    dataset = loaded(root, alias="alias.txt", location="location.txt")
    alias, location = files.dictionaries(dataset)
    assert alias == {"nba": ["美职篮 ", "association"], "北大": [" 北京大学"]}
    assert location == {"中国": ["北京"]}
    (note,) = [each for each in dataset_notes(dataset, ["train"])["notes"] if each["kind"] == "replaced"]
    assert (note["count"], note["examples"]) == (1, ["nba in line 3 of alias.txt"])


def test_the_runs_dictionaries_and_those_of_the_file_scorer_are_the_same(tmp_path: Path) -> None:
    """200 generated dictionaries: repeated keys, spaces, capitals, empty columns."""
    random = np.random.default_rng(0)
    names = ["a", "A", "b ", " b", "Ç", "北京", "北 京", "\u3000上海", ""]
    for _ in range(200):
        rows = [
            "\t".join(["k" + str(random.integers(3)), *random.choice(names, random.integers(1, 4))])
            for _ in range(random.integers(1, 6))
        ]
        (tmp_path / "alias.txt").write_text("\n".join(rows), "utf-8")
        problems: list[Problem] = []
        found = read_dictionary(tmp_path / "alias.txt", problems, [])
        expected: dict[str, set[str]] = {}
        for row in rows:  # calc_pr.py, step by step
            words = row.strip().lower().split("\t")
            expected[words[0]] = set(words[1:])
        assert {name: set(others) for name, others in found.items()} == expected
        assert {
            name: set(others) for name, others in cli._dictionary(tmp_path / "alias.txt").items()
        } == expected


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (sentence("《甲 乙》很好", [("丙丁", "作者", "甲乙")]), {"not_found": 2, "found_bare": 1}),
        (sentence("ＡＢＣ与《甲》", [("abc", "作者", "ａ")]), {"full_width": 1}),
        (sentence("远帆公司　成立于1998年", []), {"no_triples": 1}),
        (sentence("远帆公司成立于１998年", []), {"repeated_text": 1, "no_triples": 1, "full_width": 1}),
        (sentence("北窗著作", [("北窗", "作者", "北窗")]), {"same": 1, "short": 1}),
        (sentence("甲乙丙丁戊己庚辛壬癸" * 6, [SUBJECT]), {"long": 1, "not_found": 2}),
        ({"text": "远帆公司", "postag": [], "spo_list": []}, {"unjoined": 1, "no_triples": 1, "short": 1}),
        (sentence("甲乙\x07丙丁戊😀", []), {"control": 1, "emoji": 1, "no_triples": 1}),
        (
            {"text": "甲乙丙丁戊", "spo_list": [triple("甲", "作者", "乙") | {"object_type": ["x"]}]},
            {"mistyped": 1},
        ),
        ({"text": "甲乙丙丁戊", "spo_list": [{"subject": "甲", "predicate": "作者", "object": "乙"}]}, {}),
    ],
)
def test_oddities_are_noted(tmp_path: Path, added: dict[str, Any], expected: dict[str, int]) -> None:
    found = data.count(Data(root=str(with_train(tmp_path, added)), longest=50))["notes"]
    numbers = {note["kind"]: int(note["message"].rpartition(": ")[2]) for note in found}
    assert numbers == expected
    assert all(note["examples"][0].startswith("train_data:4") for note in found)


def test_texts_that_leak_between_parts_are_noted(tmp_path: Path) -> None:
    root = write(tmp_path / "raw")
    write_lines(root / "dev_data.json", [sentence("远帆公司成立于1998年", [SUBJECT])])
    write_lines(root / "test1_data_postag.json", [{"text": " 远帆公司成立于１998年"}])
    found = notes(root)
    assert found["validation_leak"] == ["dev_data:1 and train_data:2"]
    assert found["test_leak"] == ["test1_data_postag:1 and train_data:2"]
    dataset = loaded(root)
    of_parts = dataset_notes(dataset, dataset_files.PARTS)["notes"]
    counted = data.count(Data(root=str(root)))["notes"]
    assert [note["kind"] for note in of_parts] == ["full_width"]
    assert [*overlap(dataset), *of_parts] == counted


def test_predicates_without_a_training_sentence_are_noted(tmp_path: Path) -> None:
    root = write(tmp_path / "raw")
    write_lines(root / "train_data.json", [sentence(*TRAIN[0])])
    assert notes(root)["unseen"] == ["成立日期", "出生地"]


def test_examples_are_few_short_and_printable(tmp_path: Path) -> None:
    unknown = "\x1b[31m" + "长" * 300
    root = with_train(tmp_path, *(sentence(f"甲乙丙丁戊{i}", [(unknown, "作者", "甲")]) for i in range(9)))
    examples = notes(root)["not_found"]
    assert len(examples) == 5
    assert all(len(one) < 140 and one.isprintable() for one in examples)


def test_progress_is_told(tmp_path: Path, monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr("tasks.text.validation.raw_files._PROGRESS_SECONDS", 0)
    with caplog.at_level("INFO", logger="podium"):
        data.count(Data(root=str(write(tmp_path / "raw"))))
    assert caplog.messages[-1].startswith("7 sentences read")
    assert caplog.messages[-1].endswith("0 s left")


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the competition's own data")
def test_real_files_hold_what_is_known_of_them() -> None:
    found = data.count(Data(root=str(REAL), extra=("extra_train_duie2.json",)))
    counts = found["counts"]
    assert counts["sentences of train_data"] == 4601
    assert counts["sentences of extra_train_duie2"] == 8692
    assert counts["train"] == 4601 + 8692
    assert counts["validation"] == counts["test"] == 664
    notes = {note["kind"]: note for note in found["notes"]}
    kinds = notes.keys()
    assert notes["unlabelled"]["count"] == 8  # those of DuIE 1.0 that DuIE 2.0 does not have
    assert not kinds & {"not_found", "validation_leak", "test_leak", "unseen", "no_triples"}
