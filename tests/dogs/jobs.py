"""Jobs on a few drawn photographs, written without the steps, for tests of training and predicting."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from tasks.dogs.config import Recipe
from tasks.dogs.encode import encode
from tasks.dogs.views import augment
from tests.jobs import make_job

CLASSES, EACH, TEST, SIZE = 3, 8, 5, 36
COUNT = CLASSES * EACH
SMALL = {"name": "small", "weights": "none", "size_pixels": 32}
STAGE = {"epochs": 1, "learning_rate": 0.01}
PLAIN = {"epochs": 1, "optimizer": "sgd", "learning_rate": 0.01, "plain": True, "keep_optimizer": True}

RECIPES: dict[str, dict[str, Any]] = {
    "small": {
        "trunk": {"cut": "", "backbones": [SMALL]},
        "augmentation": {"crop_scale": 0.8, "combine": 0.3, "color": 0.2},
        "training": {"batch_size": 8, "ema": 0.5, "stages": [STAGE]},
        "head": {"dropout": 0.2},
    },
    "glu": {
        "trunk": {"cut": "pool", "backbones": [SMALL]},
        "head": {"kind": "glu", "width": 8, "dropout": 0.2},
        "training": {
            "batch_size": 8,
            "batches": "pairs",
            "label_smoothing": 0.1,
            "stages": [STAGE, {**PLAIN, "plain": False}, PLAIN],
        },
    },
    "linear": {
        "trunk": {"cut": "pool", "backbones": [SMALL]},
        "training": {
            "batch_size": 8,
            "mixing": {"probability": 1.0, "cutmix_alpha": 0.0},
            "stages": [{**STAGE, "weight_decay": 0.1}],
        },
    },
    "top": {
        "trunk": {"cut": "block3_pool", "backbones": [SMALL]},
        "training": {"batch_size": 8, "stages": [{**STAGE, "layer_decay": 0.5}]},
    },
}
KINDS = tuple(RECIPES)


def recipe(kind: str) -> Recipe:
    return Recipe.model_validate({"name": kind, **RECIPES[kind]})


def dataset(folder: Path) -> Path:
    """Three breeds of noise around a colour each; fold = position modulo 2."""
    folder.mkdir(parents=True)
    drawn = np.random.default_rng(0)
    labels = np.repeat(np.arange(CLASSES), EACH)
    for part, count in (("train", COUNT), ("test", TEST)):
        photos = drawn.integers(0, 120, (count, SIZE, SIZE, 3), dtype=np.uint8)
        truth = labels if part == "train" else np.arange(TEST) % CLASSES
        photos[np.arange(count), :, :, truth] += 100
        np.save(folder / f"{part}_photos.npy", photos)
    train = [{"id": f"r,{i}", "label": 10 + 3 * int(labels[i]), "group": i} for i in range(COUNT)]
    write_lines(folder / "train.jsonl", train)
    write_lines(folder / "test.jsonl", [{"id": f"t,{i}"} for i in range(TEST)])
    (folder / "classes.json").write_text(json.dumps([10, 13, 16]))
    np.save(folder / "folds.npy", np.arange(COUNT) % 2)
    return folder


def write_lines(file: Path, records: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")


def job(kind: str, folder: Path, *, fold: int | None = 0, **fields: Any) -> Any:
    """A job of this kind of recipe on the data set in `folder / "data"`, which is made if it is absent."""
    data = folder / "data"
    if not data.exists():
        dataset(data)
    given = {"data_workers": 2, "settings": recipe(kind).model_dump(mode="json"), **fields}
    output = folder / "output"
    output.mkdir(exist_ok=True)
    places = {"dataset": data, "folds": data, "output": output, "partial": folder / "partial"}
    return make_job(competition="dogs", seed=1, fold=fold, **{**places, **given})


def with_views(kind: str, folder: Path, **fields: Any) -> Any:
    """The job with what the frozen trunk makes of the photographs, computed as the steps would."""
    made = recipe(kind)
    if not made.trunk.cut:
        return job(kind, folder, **fields)
    shared = {"trunk": made.trunk.model_dump(mode="json")}
    shared["augmentation"] = made.augmentation.model_dump(mode="json")
    places = {name: folder / name for name in ("view", "plain")}
    for name, place in places.items():
        if place.exists():
            continue
        place.mkdir(parents=True)
        view = job(kind, folder, fold=None, settings=shared, output=place, view=0, plain=name == "plain")
        augment(view)
    inputs = tuple(_encoded(kind, folder, part, shared) for part in ("train", "test"))
    return job(
        kind,
        folder,
        views=(places["view"],),
        plain_views=(places["plain"],),
        inputs={"identity": inputs},
        **fields,
    )


def _encoded(kind: str, folder: Path, part: str, shared: dict[str, Any]) -> Path:
    """A folder with the identity view of a part."""
    place = folder / f"identity-{part}"
    if not place.exists():
        place.mkdir(parents=True)
        encode(job(kind, folder, fold=None, settings=shared, output=place, view="identity", part=part))
    return place


def digests(kind: str, folder: Path) -> tuple[str, str]:
    """SHA-256 of the weights file and of the history of a whole training, as the step's child writes them."""
    import keras

    from tasks.train import child

    keras.backend.clear_session()  # names of layers, which weights files hold, count from zero
    folder.mkdir(parents=True, exist_ok=True)
    made = with_views(kind, folder)
    child(made.model_dump(mode="json"))
    files = (made.output / "model.weights.h5", made.output / "history.json")
    return tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)  # type: ignore[return-value]


def main(kind: str, folder: str) -> None:
    """Entry of a child process: prints the digests."""
    print(*digests(kind, Path(folder)))
