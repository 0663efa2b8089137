import json

import pytest

from tasks.extraction import dataset as files
from tasks.extraction.encode import encode, segmented
from tasks.extraction.models.features import read_words
from tasks.text import dataset_files
from tests.extraction.jobs import dataset, job

TEXTS = [
    "何景出生于海州，著有《北窗》",
    "ＡＢ　Ｃ公司ｉｎ 1998年\t成立",
    "😊👨‍👩‍👧 曾國藩\u2028与ﬁ",
    "",
    " ",
    "龘靐齉爩",
]


@pytest.mark.parametrize("text", TEXTS)
def test_words_join_to_their_text(text):
    assert "".join(segmented(text)) == text


def test_known_words_are_words():
    assert "出生" in segmented("他出生在北京大学")
    assert "北京大学" in segmented("他出生在北京大学")


def test_every_sentence_of_every_part_has_words_its_own_where_it_has_any(tmp_path):
    data = dataset(tmp_path / "data")
    lines = [json.loads(line) for line in (data / "test.jsonl").read_text("utf-8").splitlines()]
    text = "".join(json.dumps(line | {"words": None}, ensure_ascii=False) + "\n" for line in lines)
    (data / "test.jsonl").write_text(text, "utf-8")
    for part in dataset_files.PARTS:
        made = job({}, tmp_path, fold=None, view="words", part=part)
        encode(made)
        records, found = files.records(data, part), read_words(made.output, part)
        assert list(found) == [each.id for each in records]
        for each in records:
            assert found[each.id] == (segmented(each.text) if part == "test" else list(each.words))
            assert len(found[each.id]) > 1
