"""The scorer of files against the published one's rules, written out once more as sets, on generated files.

Source of the rules: github.com/baidu/information-extraction, bin/evaluation/calc_pr.py.
"""

import json
import zipfile
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

import numpy as np
import pytest

from tasks.extraction.scoring.cli import score_files

NAMES = (
    "甲",
    "乙",
    "丙",
    "Abc",
    "aBC",
    "《甲》",
    "《Abc》",
    "《《丙》》",
    "《丁",
    "ＡＢ",
    "子",
    "丑",
    "",
    "戊 ",
)
PREDICATES = ("作者", "导演", "P", "p")
TEXTS = tuple(f"第{number}句" for number in range(5))
FILES = 200


class Drawn:
    """Files of one seed: labels, a prediction of one member or several, and perhaps dictionaries."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.names = self.random.choice(NAMES, size=5, replace=False).tolist()
        self.golden = [self.sentence() for _ in range(self.random.integers(0, 7))]
        self.members = [
            [self.sentence(self.golden) for _ in range(self.random.integers(0, 8))]
            for _ in range(self.random.integers(0, 4))
        ]
        self.alias, self.location = (
            [self.entry() for _ in range(many)] for many in self.random.integers(0, 20, 2)
        )

    def one(self, values):
        return values[self.random.integers(len(values))]

    def triple(self):
        return {
            "subject": self.one(self.names),
            "predicate": self.one(PREDICATES),
            "object": self.one(self.names),
        }

    def sentence(self, like=()):
        """A sentence; a prediction shares many triples with the label of its text."""
        text = self.one(TEXTS)
        known = [triple for each in like if each["text"] == text for triple in each["spo_list"]]
        kept = [self.renamed(triple) for triple in known if self.random.random() < 0.8]
        return {
            "text": text,
            "spo_list": [*kept, *(self.triple() for _ in range(self.random.integers(0, 4)))],
        }

    def renamed(self, triple):
        return {**triple, self.one(("subject", "object")): self.one(self.names)}

    def entry(self):
        """A line of a dictionary; names are repeated, in lines and as keys, and have spaces around."""
        spaces = [self.one(("", "", "", " ")) for _ in range(3)]
        return "\t".join(f"{space}{self.one(self.names)}{space}" for space in spaces) + self.one(
            ("", "\t", " ")
        )

    def write(self, folder):
        def lines(values):
            return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in values).encode()

        (folder / "golden").write_bytes(lines(self.golden))
        with zipfile.ZipFile(folder / "found.zip", "w") as archive:
            for number, member in enumerate(self.members):
                archive.writestr(f"{number}.json", lines(member))
        for name in ("alias", "location"):
            (folder / name).write_text("".join(f"{line}\n" for line in getattr(self, name)), "utf-8")


def norm(name):
    name = name.lower()
    return name[1:-1] if len(name) > 1 and name[0] == "《" and name[-1] == "》" else name


def by_text(sentences):
    """The last sentence of a text counts."""
    return {
        each["text"]: {(norm(t["subject"]), t["predicate"], norm(t["object"])) for t in each["spo_list"]}
        for each in sentences
    }


def names_of(lines):
    """The last line of a name counts; white space goes around the line alone."""
    read = [line.strip().lower().split("\t") for line in lines]
    return {name: set(others) for name, *others in read}


def variants(triple, alias):
    subject, predicate, object_ = triple
    sides = ({name} | alias.get(name, set()) for name in (subject, object_))
    return {(one, predicate, other) for one, other in product(*sides)}


def is_right(triple, gold, alias, location):
    if variants(triple, alias) & gold:
        return True
    subjects = {subject for subject, _, _ in variants(triple, alias)}
    return any(
        subject in subjects and predicate == triple[1] and triple[2] in location.get(object_, set())
        for subject, predicate, object_ in gold
    )


def is_found(label, found, alias, location):
    return any(is_right(triple, {label}, alias, location) for triple in found)


def specified(drawn):
    alias, location = names_of(drawn.alias), names_of(drawn.location)
    golden, found = by_text(drawn.golden), by_text(line for member in drawn.members for line in member)
    right = kept_in_all = recalled = labels = 0
    for text, gold in golden.items():
        kept: set = set()
        for triple in sorted(found.get(text, set())):  # the published order is that of a set's hashes
            if not variants(triple, alias) & kept:
                kept.add(triple)
        right += sum(is_right(triple, gold, alias, location) for triple in kept)
        recalled += sum(is_found(label, found.get(text, set()), alias, location) for label in gold)
        kept_in_all, labels = kept_in_all + len(kept), labels + len(gold)
    precision = right / kept_in_all if kept_in_all else 0.0
    recall = recalled / labels if labels else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    places = Decimal("0.0001")
    return [float(Decimal(value).quantize(places, ROUND_HALF_UP)) for value in (precision, recall, f1)]


def test_scores_of_generated_files_are_those_of_the_rules(tmp_path):
    differing, scores = Counter(), set()
    for seed in range(FILES):
        drawn = Drawn(seed)
        drawn.write(tmp_path)
        given = (tmp_path / "golden", tmp_path / "found.zip")
        outcome = score_files(*given, alias=tmp_path / "alias", location=tmp_path / "location")
        found = [each["value"] for each in outcome["data"]]
        assert found == specified(drawn), seed
        plain = score_files(*given)
        assert [each["value"] for each in plain["data"]] == specified_without_dictionaries(drawn), seed
        differing[found != [each["value"] for each in plain["data"]]] += 1
        scores.add(tuple(found))
    assert differing[True] > FILES // 8  # dictionaries matter
    assert len(scores) > FILES // 5


def specified_without_dictionaries(drawn):
    drawn.alias = drawn.location = []
    return specified(drawn)


BROKEN = {
    "an empty line": (b"\n", 3),
    "no JSON": (b"{\n", 3),
    "no UTF-8": (b"\xff\n", 2),
    "no text": (b'{"spo_list": []}\n', 4),
    "no list": (b'{"text": "a"}\n', 4),
    "a triple that is none": (b'{"text": "a", "spo_list": ["b"]}\n', 4),
    "no object": (b'{"text": "a", "spo_list": [{"subject": "b", "predicate": "c"}]}\n', 4),
    "a number as subject": (
        b'{"text": "a", "spo_list": [{"subject": 1, "predicate": "c", "object": "d"}]}\n',
        4,
    ),
}


@pytest.mark.parametrize(("line", "code"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_anywhere_in_generated_files_has_its_code(tmp_path, line, code):
    for seed in range(FILES // 10):
        drawn = Drawn(seed)
        drawn.write(tmp_path)
        lines = [json.dumps(each).encode() + b"\n" for member in drawn.members for each in member]
        lines.insert(drawn.random.integers(len(lines) + 1), line)
        with zipfile.ZipFile(tmp_path / "found.zip", "w") as archive:
            archive.writestr("a", b"".join(lines))
        assert score_files(tmp_path / "golden", tmp_path / "found.zip")["errorCode"] == code, seed
