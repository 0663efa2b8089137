"""Small raw files of the competition, made for tests."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tasks.extraction import data
from tasks.extraction.config import Data
from tasks.text.dataset_files import PARTS

SCHEMAS = (
    ("图书作品", "作者", "人物"),
    ("机构", "成立日期", "Date"),
    ("企业", "成立日期", "Date"),
    ("人物", "出生地", "地点"),
)
TYPES = {predicate: (subject, object_) for subject, predicate, object_ in SCHEMAS}

TRAIN = (
    ("《青石巷》是 陆一舟写的书", [("青石巷", "作者", "陆一舟")]),
    ("远帆公司成立于1998年", [("远帆公司", "成立日期", "1998年")]),
    ("宋遥，生于临江，著有《雨前》", [("宋遥", "出生地", "临江"), ("雨前", "作者", "宋遥")]),
)
VALIDATION = (
    ("《北窗》的作者是何景", [("北窗", "作者", "何景")]),
    ("何景出生于海州", [("何景", "出生地", "海州")]),
)
TEST = ("《晚舟》由林岸所著", "林岸是南屏人")
FILES = ("all_50_schemas", "train_data.json", "dev_data.json", "test1_data_postag.json")


def sentence(text: str, triples: Iterable[tuple[str, str, str]] | None = None) -> dict[str, Any]:
    """A line of a raw file, its postag one word for each character but for spaces."""
    value: dict[str, Any] = {"text": text}
    value["postag"] = [{"word": one, "pos": "n"} for one in text if not one.isspace()]
    if triples is not None:
        value["spo_list"] = [triple(*one) for one in triples]
    return value


def triple(subject: str, predicate: str, object_: str) -> dict[str, str]:
    """An entry of a spo_list with the types of the schema."""
    types = dict(zip(("subject_type", "object_type"), TYPES.get(predicate, ("", "")), strict=True))
    return {"subject": subject, "predicate": predicate, "object": object_, **types}


def write_lines(file: Path, values: Iterable[Any]) -> None:
    """One JSON value a line, Chinese as it is."""
    file.write_bytes("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in values).encode())


def load(root: Path, folder: Path, **settings: Any) -> Path:
    """Load all parts into a folder, which is made."""
    folder.mkdir()
    for part in PARTS:
        data.load(Data(root=str(root), **settings), part, folder)
    return folder


def write(root: Path) -> Path:
    """A valid root folder without notes: three training, two validation and two test sentences."""
    root.mkdir(parents=True)
    keys = ("subject_type", "predicate", "object_type")
    write_lines(root / FILES[0], (dict(zip(keys, row, strict=True)) for row in SCHEMAS))
    write_lines(root / FILES[1], (sentence(*one) for one in TRAIN))
    write_lines(root / FILES[2], (sentence(*one) for one in VALIDATION))
    write_lines(root / FILES[3], map(sentence, TEST))
    return root
