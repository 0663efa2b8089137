"""Jobs on a few invented sentences, written without the steps, for tests of training and predicting."""

import hashlib
import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.jobs import TrainJob
from tasks.extraction import dataset as files
from tasks.extraction.config import Recipe
from tasks.extraction.encode import encode
from tasks.extraction.models.features import TokenizedSentence, tokenized
from tasks.extraction.records import Record
from tasks.extraction.views import augment
from tasks.text import dataset_files
from tasks.text.normalisation import normalise
from tasks.text.tokenization import Tokenizer
from tests.jobs import make_job

PREDICATES = ("作者", "出生地", "成立日期")
INDEX = {predicate: number for number, predicate in enumerate(PREDICATES)}
BOOKS, WRITERS, PLACES = (
    ("青石巷", "北窗", "Rain", "晚舟"),
    ("陆一舟", "何景", "林岸", "宋遥"),
    ("临江", "海州", "南屏"),
)
KNOWN, BUT = ("大家", "都", "知道", "远帆公司", "成立于"), ("，", "可是", "没有", "人", "知道", "它")
FOLDS = 3
ENCODERS: dict[str, dict[str, Any]] = {
    "dgcnn": {"dgcnn": {"width": 8, "dilations": [1, 2], "minimum_count": 1}},
    "bert": {"kind": "bert", "bert": {"layers": 1, "width": 16, "heads": 2, "minimum_count": 1}},
}
WORDS = {"dgcnn": {"width": 8, "dilations": [1], "minimum_count": 1, "words": True, "word_minimum_count": 1}}
EVERYTHING: dict[str, dict[str, Any]] = {
    "pointer": {"distant": True, "encoder": WORDS, "training": {"subjects": 2}},
    "casrel": {},
    "gplinker": {},
}
METHODS = ("pointer", "casrel", "gplinker")
STAGE = {"epochs": 1, "optimizer": "adam", "learning_rate": 0.01, "schedule": "constant"}


def sentences(part: str, count: int) -> list[Record]:
    """Sentences of four kinds in turn: one triple, two, a long one with two, and one without any."""
    return [Record(f"{part}:{number}", *_composed(number)) for number in range(count)]


def _composed(number: int) -> tuple[str, tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    book, writer = BOOKS[number % len(BOOKS)], WRITERS[number // 4 % len(WRITERS)]
    place, year = PLACES[number % len(PLACES)], f"{1990 + number}年"
    wrote, born = (book, "作者", writer), (writer, "出生地", place)
    words, triples = [
        (("《", book, "》", "是", writer, "写", "的"), (wrote,)),
        ((writer, "，", "生于", place, "，", "著有", "《", book, "》"), (born, wrote)),
        (
            (
                *KNOWN,
                year,
                *BUT,
                "的",
                "总部",
                "在",
                place,
                "，",
                "除了",
                writer,
                "，",
                "一",
                "个",
                "生于",
                place,
                "的",
                "人",
            ),
            (("远帆公司", "成立日期", year), born),
        ),
        (("今天", place, "下雨", str(number)), ()),
    ][number % 4]
    return "".join(words), words, triples


def dataset(folder: Path, *, train: int = 12) -> Path:
    """Three parts as `tasks.extraction.data` writes them; fold = position modulo 3."""
    folder.mkdir(parents=True)
    for part, count in (("train", train), ("validation", 4), ("test", 3)):
        records = [each._asdict() for each in sentences(part, count)]
        if part == "test":
            records = [{key: value for key, value in each.items() if key != "triples"} for each in records]
        lines = [json.dumps(each, ensure_ascii=False) + "\n" for each in records]
        (folder / f"{part}.jsonl").write_text("".join(lines), "utf-8")
    counts = Counter(normalise("".join(each.text for each in sentences("train", train))))
    write_json(folder / "characters.json", sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
    row = {"subject_type": "S", "object_type": "O"}
    write_json(folder / "schema.json", [{**row, "predicate": each} for each in PREDICATES])
    write_json(folder / "alias.json", {})
    write_json(folder / "location.json", {})
    write_json(folder / "unlabelled.json", {})
    np.save(folder / "folds.npy", np.arange(train) % FOLDS)
    write_json(folder / "ids.json", [each.id for each in sentences("train", train)])
    return folder


def write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False), "utf-8")


def recipe(method: str = "gplinker", encoder: Any = "dgcnn", **fields: Any) -> Recipe:
    """A tiny recipe; `encoder` is a name in `ENCODERS` or settings, `training` needs only differences."""
    training = {"batch_characters": 128, "stages": [STAGE], **fields.pop("training", {})}
    encoder = ENCODERS[encoder] if isinstance(encoder, str) else encoder
    given = {"method": method, "encoder": encoder, "training": training, **fields}
    return Recipe.model_validate(given)


def job(made: Any, folder: Path, *, fold: int | None = 0, **fields: Any) -> Any:
    """A job on the dataset in `folder / "data"`, which is made if it is absent."""
    data = folder / "data"
    if not data.exists():
        dataset(data)
    output = fields.pop("output", folder / "output")
    output.mkdir(exist_ok=True, parents=True)
    settings = made.model_dump(mode="json") if isinstance(made, Recipe) else made
    places = {"dataset": data, "folds": data, "output": output, "partial": folder / "partial"}
    given = {"settings": settings, "seed": 1, "data_workers": 2, **places, **fields}
    return make_job(competition="extraction", fold=fold, **given)


def with_views(folder, *, count: int = 1, **settings) -> dict:
    """Fields of a job whose views and words lie there."""
    views = []
    for number in range(count):
        augmentation = {"augmentation": {"swap": "subject", **settings}}
        made = job(augmentation, folder, view=number, output=folder / f"view{number}")
        augment(made)
        views.append(made.output)
    words = job({}, folder, fold=None, view="words", part="train", output=folder / "words")
    encode(words)
    return {"views": tuple(views), "inputs": {"words": words.output}}


def tokenizer(made: Recipe, folder: Path) -> Tokenizer:
    return Tokenizer(made.encoder, partial(dataset_files.characters, folder))


def read(made: Recipe, folder: Path, part: str = "train") -> list[TokenizedSentence]:
    """The sentences of a part as a network reads them."""
    return tokenized(files.records(folder, part), tokenizer(made, folder), INDEX)  # type: ignore[arg-type]


def fitted(made: TrainJob) -> tuple[str, str]:
    """SHA-256 of the weights and of the history of a whole training, as the step's child writes them."""
    import keras

    from tasks.train import child

    keras.backend.clear_session()
    child(made.model_dump(mode="json"))
    found = (made.output / "model.weights.h5", made.output / "history.json")
    return tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in found)  # type: ignore[return-value]


def main(settings: str, folder: str) -> None:
    """Entry of a child process: prints the digests of a training on a dataset that lies there."""
    print(*fitted(job(json.loads(settings), Path(folder), output=Path(folder) / "in-child")))
