import json
from pathlib import Path

import numpy as np
import pytest

from tasks.extraction.dataset import first_of_same, fold_key, strata, text_key


def write_train(folder: Path, sentences: list[tuple[str, list[str]]]) -> Path:
    """The training part of a dataset: texts, and the predicates that each states."""
    values = [
        {"id": f"t:{row}", "text": text, "words": None, "triples": [["s", name, "o"] for name in stated]}
        for row, (text, stated) in enumerate(sentences, 1)
    ]
    lines = [json.dumps(value, ensure_ascii=False) + "\n" for value in values]
    (folder / "train.jsonl").write_text("".join(lines), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([{"a"}] * 3 + [{"a", "b"}] * 2, [1, 1, 1, 0, 0]),  # the rarer names the stratum
        ([{"a"}] * 3 + [{"a", "b"}], [0, 0, 0, 0]),  # too rare: to the sentence's other predicate
        ([{"a"}] * 3 + [{"b"}, {"c"}], [0, 0, 0, 1, 1]),  # too rare and alone: one stratum of others
        ([{"a"}] * 3 + [{"b"}], [0, 0, 0, 0]),  # others too few: to the largest
        ([{"a"}] * 3 + [set()] * 2, [1, 1, 1, 0, 0]),  # without triples: their own
        ([{"a"}] * 3 + [set(), {"b"}], [0, 0, 0, 1, 1]),  # and when too few: others
        ([{"a"}] * 2 + [{"b"}] * 3 + [{"c"}], [0, 0, 1, 1, 1, 1]),  # the largest, not the first
        ([{"a", "b"}] * 2 + [{"b", "c"}] * 3, [0, 0, 1, 1, 1]),
        ([{"a"}], [0]),
        ([], []),
    ],
)
def test_strata(stated: list[set[str]], expected: list[int]) -> None:
    found = strata(stated, smallest=2)
    assert found.tolist() == expected
    assert found.dtype == np.int64


def test_no_stratum_is_smaller_than_the_most_folds() -> None:
    random = np.random.default_rng(0)
    names = [f"p{i}" for i in range(49)]
    chances = 1 / np.arange(1, 50) ** 1.5
    stated = [
        set(random.choice(names, random.integers(0, 4), p=chances / chances.sum())) for _ in range(3000)
    ]
    sizes = np.unique(strata(stated), return_counts=True)[1]
    assert sizes.min() >= 20
    assert len(sizes) > 10


def test_strata_do_not_depend_on_the_order_of_sets() -> None:
    one = strata([{"a", "b", "c"}, {"c", "b"}] * 20, smallest=20)
    other = strata([{"c", "a", "b"}, {"b", "c"}] * 20, smallest=20)
    assert one.tolist() == other.tolist()


@pytest.mark.parametrize("other", ["Ab  c", "ａＢ\u3000c", " ab c\n", "AB\tC"])
def test_texts_alike_but_for_case_width_and_space_have_one_key(other: str) -> None:
    assert text_key(other) == text_key("ab c")
    assert text_key("abc") != text_key("ab c")


def test_groups_are_named_by_their_first_member() -> None:
    assert first_of_same(["x", "y", "x", "z", "y"]).tolist() == [0, 1, 0, 3, 1]
    assert first_of_same([]).dtype == np.int64


def test_sentences_of_one_text_are_one_group(tmp_path: Path) -> None:
    sentences = [(f"text {row % 70}" if row % 2 else f"ＴＥＸＴ  {row % 70}", ["a"]) for row in range(100)]
    key = fold_key(write_train(tmp_path, sentences))
    assert key.ids == [f"t:{row}" for row in range(1, 101)]
    assert key.groups.tolist() == [*range(70), *range(30)]
    assert key.strata.tolist() == [0] * 100
