"""Predict held-out, validation and test sentences, by one model or by several that agree on scores first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import Job, Scores
from tasks.core.process import Progress
from tasks.extraction import dataset
from tasks.extraction.config import Recipe
from tasks.extraction.decoding import decoded
from tasks.extraction.distant import Knowledge
from tasks.extraction.distant_inputs import DistantInputs
from tasks.extraction.examples import Example, examples, read_words
from tasks.extraction.reading import Reader
from tasks.extraction.records import Record
from tasks.learning.candidates import concatenated

CHUNK = 2048
"""Sentences between two lines of progress."""


def predict(job: Job) -> dict[str, Scores]:
    """Candidates of the job's parts; `held_out` are the sentences of its fold."""
    recipe = Recipe.model_validate(job.settings)
    words = read_words(job.inputs["words"]) if "words" in job.inputs else None
    train = dataset.records(job.dataset, "train")
    segmented = [words[record.id] for record in train] if words else None
    reader, predicates = (
        Reader(recipe.encoder, job.dataset, segmented=segmented),
        dataset.predicates(job.dataset),
    )
    models = [_loaded(model, recipe, reader, len(predicates)) for model in job.models]
    distant = _distant(job, train, predicates) if recipe.distant else None
    parts = {part: _records(job, part, train) for part in job.parts}
    progress, done = Progress("sentences", sum(map(len, parts.values()))), 0
    found = {}
    for part, records in parts.items():
        pieces = []
        for start in range(0, len(records), CHUNK):
            sentences: Sequence[Example] = examples(records[start : start + CHUNK], reader, {}, words=words)
            pieces.append(decoded(models, recipe, reader, sentences, predicates, distant=distant))
            progress.at(done := done + len(sentences))
        values = concatenated(pieces)
        found[part] = Scores([record.id for record in records], values)
    return found


def _loaded(folder: Path, recipe: Recipe, reader: Reader, predicates: int) -> Any:
    from tasks.extraction import networks

    network = networks.build(recipe, reader, predicates=predicates, seed=0)
    network.training.load_weights(folder / "model.weights.h5")
    return network


def _records(job: Job, part: str, train: Sequence[Record]) -> list[Record]:
    """The sentences of a part, without what is known of them."""
    if part == "held_out":
        assert job.folds is not None
        chosen = [train[row] for row in np.flatnonzero(np.load(job.folds / "folds.npy") == job.fold).tolist()]
    elif part == "validation":
        chosen = dataset.records(job.dataset, "validation")
    else:
        chosen = dataset.records(job.dataset, "test")
    return [record._replace(triples=()) for record in chosen]


def _distant(job: Job, train: Sequence[Record], predicates: Sequence[str]) -> DistantInputs:
    """What the training sentences say of names, but for those of the folds that are left out."""
    assert job.folds is not None
    left_out = [fold for fold in (job.fold, job.beside) if fold is not None]
    known = np.flatnonzero(~np.isin(np.load(job.folds / "folds.npy"), left_out)).tolist()
    index = {predicate: number for number, predicate in enumerate(predicates)}
    return DistantInputs(Knowledge.of([train[row] for row in known], index), len(predicates))
