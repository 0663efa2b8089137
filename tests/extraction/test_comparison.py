"""What the parts are compared by: the texts of their sentences, and nothing of their labels."""

from pathlib import Path

from tasks.extraction.comparison import excerpt, features
from tests.extraction.jobs import dataset


def test_equal_texts_of_two_parts_have_equal_features(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "data")
    train, test = features(folder, "train"), features(folder, "test")
    assert (train.shape[0], test.shape[0]) == (12, 3)
    assert (train[:3] != test).nnz == 0


def test_labels_have_no_effect(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "data")
    before = features(folder, "train")
    text = (folder / "train.jsonl").read_text("utf-8")
    (folder / "train.jsonl").write_text(text.replace('"作者"', '"出生地"'), "utf-8")
    assert (features(folder, "train") != before).nnz == 0


def test_excerpts_are_the_sentences_of_the_rows(tmp_path: Path) -> None:
    assert excerpt(dataset(tmp_path / "data"), "validation", [1, 0]) == [
        "陆一舟，生于海州，著有《北窗》",
        "《青石巷》是陆一舟写的",
    ]
