"""Tiny trainings of every kind of recipe, in a process whose backend `KERAS_BACKEND` names.

`python -m tests.backends.trainings FOLDER NAME…` prints a line of JSON for each: digests of a training that
nothing interrupts and of one that is killed and resumed, digests of the bytes of its predictions, and
seconds.
"""

import hashlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.learning.ensemble import prediction_files

LAMB = {"optimizer": "lamb", "learning_rate": 0.01, "clip_norm": 1.0}
ADAM = {"optimizer": "adam", "learning_rate": 0.01, "warmup_epochs": 1, "lookahead_steps": 2}
LAZY = {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.1, "lazy_embeddings": True}


WORDS = {"dgcnn": {"width": 8, "dilations": [1], "minimum_count": 1, "words": True, "word_minimum_count": 1}}


class Case(NamedTuple):
    """A training and what it predicts of the test part, on a dataset in a folder."""

    train: Callable[[Path], Any]
    """(folder) → the job of the training."""
    predict: Callable[[Path, Path], Any]
    """(folder, model) → the job of the prediction."""


def dogs(kind: str, **training: Any) -> Case:
    from tests.dogs import jobs

    def settings(folder: Path) -> dict[str, Any]:
        made = jobs.recipe(kind).model_dump(mode="json")
        stages = [stage | {"epochs": 2} for stage in made["training"]["stages"][:2]]
        return {"settings": made | {"training": made["training"] | {"stages": stages} | training}}

    def predict(folder: Path, model: Path) -> Any:
        made = jobs.with_views(kind, folder)
        inputs = {view: folder / f"{view}-test" for view in made.inputs}
        places = {"models": (model,), "folds": None, "inputs": inputs}
        return jobs.job(kind, folder, part="test", fold=None, **places, **settings(folder))

    return Case(lambda folder: jobs.with_views(kind, folder, **settings(folder)), predict)


def extraction(method: str, encoder: Any = "dgcnn", stage: dict[str, Any] = ADAM, **fields: Any) -> Case:
    from tests.extraction import jobs

    training = {"stages": [{"epochs": 2, **stage}], "batch_characters": 200, **fields.pop("training", {})}
    # all sentences are cut to one length: JAX compiles for every shape
    cut = {**(jobs.ENCODERS[encoder] if isinstance(encoder, str) else encoder), "longest": 16}
    made = jobs.recipe(method, cut, training=training, **fields)

    def places(folder: Path) -> dict[str, Any]:
        if not made.encoder.dgcnn.words or made.encoder.kind != "dgcnn":
            return {}
        inputs = []
        for part in ("train", "test"):
            output = folder / f"words-{part}"
            word_job = jobs.job({}, folder, fold=None, view="words", part=part, output=output)
            if not (output / "words.npz").exists():
                jobs.encode(word_job)
            inputs.append(output)
        return {"inputs": {"words": tuple(inputs)}}

    def train(folder: Path) -> Any:
        return jobs.job(made, folder, **places(folder))

    def predict(folder: Path, model: Path) -> Any:
        given = {"models": (model,), "folds": None, "part": "test", **places(folder)}
        return jobs.job(made, folder, fold=None, **given)

    return Case(train, predict)


def nl2sql(encoder: str = "dgcnn", stage: dict[str, Any] = ADAM, **fields: Any) -> Case:
    from tests.nl2sql import jobs

    training = {"stages": [{"epochs": 1, **stage}], "batch_questions": 2}
    made = jobs.recipe(jobs.CUT[encoder], training=training, **fields)

    def train(folder: Path) -> Any:
        return jobs.job(made, folder, fold=2)

    def predict(folder: Path, model: Path) -> Any:
        return jobs.job(made, folder, fold=None, models=(model,), part="test", folds=None)

    return Case(train, predict)


CASES: dict[str, Callable[[], Case]] = {
    "dogs-small": lambda: dogs("small"),
    "dogs-trunk": lambda: dogs("glu"),
    "dogs-top": lambda: dogs("top"),
    "extraction-pointer": lambda: extraction("pointer", WORDS, distant=True, training={"subjects": 2}),
    "extraction-gplinker": lambda: extraction("gplinker", stage=LAZY, training={"ema": 0.9}),
    "extraction-casrel": lambda: extraction("casrel", stage=LAMB, training={"ema": 0.9}),
    "extraction-bert": lambda: extraction("casrel", "bert", stage=LAMB),
    "nl2sql-sketch": lambda: nl2sql(),
    "nl2sql-bert": lambda: nl2sql("bert", stage=LAZY),
    "nl2sql-two-stage": lambda: nl2sql(method="two-stage", stage=LAMB),
    "nl2sql-baseline": lambda: nl2sql("bert", method="baseline"),
}


def check(name: str, folder: Path, *, kill: bool = True) -> dict[str, Any]:
    """What became of a case; `kill` repeats its training, killed after the first step, and its prediction."""
    import keras

    from tasks.core.competition import find
    from tasks.learning.training.keras_setup import configure
    from tests.learning.trainings import Killed, killed_at, run

    case, competition, began = CASES[name](), find(name.partition("-")[0]), time.process_time()
    job = case.train(folder)

    def built() -> Any:
        keras.backend.clear_session()
        configure(1)
        return competition.build(job)

    training = built()
    found: dict[str, Any] = {"name": name, "whole": run(training, folder / "whole", seconds=3600)}
    model = folder / "model"
    model.mkdir()
    training.write(model)
    training.model.save_weights(model / "model.weights.h5")
    if kill:
        with pytest.raises(Killed):
            run(killed_at(built(), 1), folder / "killed")
        found["resumed"] = run(built(), folder / "killed")
    reading = case.predict(folder, model)
    found["predictions"] = [
        _written(competition.predict(reading), folder / f"scores{n}") for n in range(1 + kill)
    ]
    return {**found, "seconds": round(time.process_time() - began, 1)}


def _written(pieces: Any, folder: Path) -> str:
    """SHA-256 of the files that hold the scores of the test part, which are written to the folder."""
    folder.mkdir()
    prediction_files.write_pieces(folder, "test", pieces)
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()


def main(folder: str, *names: str) -> None:
    """Run these cases, `+name` with a kill; else all, with kills."""
    for name in names or [f"+{each}" for each in CASES]:
        case = name.removeprefix("+")
        try:
            print(json.dumps(check(case, Path(folder) / case, kill=case != name)), flush=True)
        except Exception:
            print(json.dumps({"name": case, "error": traceback.format_exc()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
