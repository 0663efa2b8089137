"""Predictions of held-out, validation and test sentences, by one model or by the mean scores of several."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from tasks.core.competition import Part, Scores, method_module
from tasks.core.jobs import PredictJob
from tasks.extraction import dataset
from tasks.extraction.config import Recipe
from tasks.extraction.models.features import stream_words, tokenized
from tasks.extraction.models.inference import candidates
from tasks.extraction.records import Record
from tasks.learning.folds.rows import training_rows
from tasks.text import dataset_files
from tasks.text.prediction import predictions
from tasks.text.tokenization import Tokenizer

CHUNK = 2048
"""Sentences that are in memory at a time; they are batched by length."""


def predict(job: PredictJob) -> Iterator[tuple[str, Scores]]:
    """Candidates of the job's parts, piece by piece; `held_out` are the sentences of its fold.

    What belongs to the recipe's method is in its module `inference` (`tasks.extraction.models.network`).
    """
    recipe = Recipe.model_validate(job.settings)
    method = method_module("extraction", recipe.method, "inference")
    predicates = dataset.predicates(job.dataset)
    counts = partial(dataset_files.characters, job.dataset)
    tokenizer = Tokenizer(recipe.encoder, counts, segmented=_words_of_training(job))
    networks = [_loaded(method, model, recipe, tokenizer, len(predicates)) for model in job.models]
    indices = {predicate: index for index, predicate in enumerate(predicates)}
    decode = method.decoder(networks, recipe, indices, partial(_known_records, job))
    return predictions(
        job,
        partial(_unlabelled, words=job.inputs.get("words")),
        decoder=lambda part: (
            lambda piece: candidates(decode, tokenizer, tokenized(piece, tokenizer, {}), predicates)
        ),
        piece=CHUNK,
        unit="sentences",
    )


def _words_of_training(job: PredictJob) -> Iterator[Sequence[str]] | None:
    """Words of the training sentences, one after the other, if the job has them."""
    if "words" not in job.inputs:
        return None
    segmented = islice(stream_words(job.inputs["words"]), dataset_files.count(job.dataset, "train"))
    return (words for _, words in segmented)


def _loaded(method: Any, folder: Path, recipe: Recipe, tokenizer: Tokenizer, predicates: int) -> Any:
    network = method.build(recipe, tokenizer, predicates=predicates, seed=0)
    network.training.load_weights(folder / "model.weights.h5")
    return network


def _unlabelled(folder: Path, part: Part, *, words: Path | None) -> Iterator[Record]:
    """The sentences of a part without their labels, with their stored words if there are any."""
    records = (record._replace(triples=()) for record in dataset.stream(folder, part))
    return _with_words(records, words) if words else records


def _with_words(records: Iterator[Record], folder: Path) -> Iterator[Record]:
    """Yield records with their stored words; both come in the order of the dataset."""
    segmented = stream_words(folder)
    for record in records:
        words = next((words for id, words in segmented if id == record.id), None)
        if words is None:
            raise ValueError(f"{folder}: expected the words of {record.id} after those before it")
        yield record._replace(words=tuple(words))


def _known_records(job: PredictJob) -> list[Record]:
    """The training sentences of the folds that the models may know: neither `fold` nor `beside`."""
    records = dataset.records(job.dataset, "train")
    return [records[row] for row in training_rows(job)]
