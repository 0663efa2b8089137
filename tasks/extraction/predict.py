"""Predict held-out, validation and test sentences, by one model or by several that agree on scores first."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import compress, islice
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import Scores
from tasks.core.execution.messages import Progress
from tasks.core.jobs import PredictJob
from tasks.extraction import dataset
from tasks.extraction.config import Recipe
from tasks.extraction.labelling.distant_supervision import Knowledge
from tasks.extraction.models.distant_features import DistantInputs
from tasks.extraction.models.features import examples, stream_words
from tasks.extraction.models.inference import decoded
from tasks.extraction.records import Record
from tasks.text import dataset_files
from tasks.text.tokenization import Reader

CHUNK = 2048
"""Sentences of a piece: all that is in memory, and what is put in order of length before it is batched."""


def predict(job: PredictJob) -> Iterator[tuple[str, Scores]]:
    """Candidates of the job's parts, piece by piece; `held_out` are the sentences of its fold."""
    recipe = Recipe.model_validate(job.settings)
    predicates = dataset.predicates(job.dataset)
    counts = partial(dataset_files.characters, job.dataset)
    reader = Reader(recipe.encoder, counts, segmented=_words_of_training(job))
    models = [_loaded(model, recipe, reader, len(predicates)) for model in job.models]
    distant = None
    if recipe.distant:
        distant = _distant(job, dataset.records(job.dataset, "train"), predicates)
    progress, done = Progress("sentences", sum(_count(job, part) for part in job.parts)), 0
    for part in job.parts:
        for piece in _pieces(job, part):
            sentences = examples(piece, reader, {})
            values = decoded(models, recipe, reader, sentences, predicates, distant=distant)
            if distant:
                distant.forget()
            progress.at(done := done + len(piece))
            yield part, Scores([record.id for record in piece], values)


def _words_of_training(job: PredictJob) -> Iterator[Sequence[str]] | None:
    """Words of the training sentences, one after the other, if the job has them."""
    if "words" not in job.inputs:
        return None
    own = islice(stream_words(job.inputs["words"]), dataset_files.count(job.dataset, "train"))
    return (words for _, words in own)


def _loaded(folder: Path, recipe: Recipe, reader: Reader, predicates: int) -> Any:
    from tasks.extraction.models import networks

    network = networks.build(recipe, reader, predicates=predicates, seed=0)
    network.training.load_weights(folder / "model.weights.h5")
    return network


def _count(job: PredictJob, part: str) -> int:
    return (
        int(_held_out(job).sum()) if part == "held_out" else dataset_files.count(job.dataset, _source(part))
    )


def _pieces(job: PredictJob, part: str) -> Iterator[list[Record]]:
    """The sentences of a part, without what is known of them; a part that has none is one empty piece."""
    records = dataset.stream(job.dataset, _source(part))
    if part == "held_out":
        records = compress(records, _held_out(job))
    if "words" in job.inputs:
        records = _with_words(records, job.inputs["words"])
    piece = list(islice(records, CHUNK))
    yield _unlabelled(piece)
    while piece := list(islice(records, CHUNK)):
        yield _unlabelled(piece)


def _unlabelled(piece: Sequence[Record]) -> list[Record]:
    return [record._replace(triples=()) for record in piece]


def _source(part: str) -> dataset.Part:
    return "train" if part == "held_out" else "validation" if part == "validation" else "test"


def _held_out(job: PredictJob) -> np.ndarray:
    """(n,) bool, whether a training sentence is of the job's fold."""
    return np.asarray(np.load(job.folds / "folds.npy") == job.fold)


def _with_words(records: Iterator[Record], folder: Path) -> Iterator[Record]:
    """Records with the words that were found in them; both come in the order of the dataset."""
    found = stream_words(folder)
    for record in records:
        words = next((words for id, words in found if id == record.id), None)
        if words is None:
            raise ValueError(f"{folder}: expected the words of {record.id} after those before it")
        yield record._replace(words=tuple(words))


def _distant(job: PredictJob, train: Sequence[Record], predicates: Sequence[str]) -> DistantInputs:
    """What the training sentences say of names, but for those of the folds that are left out."""
    left_out = [fold for fold in (job.fold, job.beside) if fold is not None]
    known = np.flatnonzero(~np.isin(np.load(job.folds / "folds.npy"), left_out)).tolist()
    index = {predicate: number for number, predicate in enumerate(predicates)}
    return DistantInputs(Knowledge.of([train[row] for row in known], index), len(predicates))
