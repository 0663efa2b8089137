import json
from pathlib import Path

from tasks.extraction.dataset import fold_key


def write_train(folder: Path, sentences: list[tuple[str, list[str]]]) -> Path:
    """The training part of a dataset: texts, and the predicates that each states."""
    values = [
        {"id": f"t:{row}", "text": text, "words": None, "triples": [["s", name, "o"] for name in stated]}
        for row, (text, stated) in enumerate(sentences, 1)
    ]
    lines = [json.dumps(value, ensure_ascii=False) + "\n" for value in values]
    (folder / "train.jsonl").write_text("".join(lines), "utf-8")
    return folder


def test_sentences_of_one_text_are_one_group(tmp_path: Path) -> None:
    sentences = [(f"text {row % 70}" if row % 2 else f"ＴＥＸＴ  {row % 70}", ["a"]) for row in range(100)]
    key = fold_key(write_train(tmp_path, sentences))
    assert key.ids == [f"t:{row}" for row in range(1, 101)]
    assert key.groups.tolist() == [*range(70), *range(30)]
    assert key.strata.tolist() == [0] * 100
