"""Predictions of held-out, validation and test sentences, by one model or by the mean scores of several."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tasks.core.competition import Part, Scores, method_module
from tasks.core.dataset import Dataset
from tasks.core.jobs import PredictJob
from tasks.extraction import dataset
from tasks.extraction.config import Recipe
from tasks.extraction.models.features import stream_words, tokenized
from tasks.extraction.models.inference import Decoder, candidates
from tasks.extraction.models.network import Indices
from tasks.extraction.models.training_knowledge import read_known, read_words
from tasks.extraction.records import Record
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.training.padded_shapes import Shape
from tasks.text import dataset_files, padding
from tasks.text.prediction import predictions
from tasks.text.tokenization import Tokenizer

CHUNK = 2048
"""Sentences that are in memory at a time; they are batched by length."""


def predict(job: PredictJob) -> Iterator[Scores]:
    """Candidates of the job's part, piece by piece; `held_out` are the sentences of its fold.

    Held-out sentences have none of the predicates that their file never labels: they could not be scored.
    What it needs of training sentences lies beside the weights
    (`tasks.extraction.models.training_knowledge`).
    What belongs to the recipe's method is in its module `inference` (`tasks.extraction.models.network`).
    """
    recipe = Recipe.model_validate(job.settings)
    method = method_module("extraction", recipe.method, "inference")
    predicates = dataset.predicates(job.dataset)
    counts = partial(dataset_files.characters, job.dataset)
    tokenizer = Tokenizer(recipe.encoder, counts, words=partial(read_words, job.models))
    networks = [_loaded(method, model, recipe, tokenizer, len(predicates)) for model in job.models]
    indices = {predicate: index for index, predicate in enumerate(predicates)}
    decode = method.decoder(networks, recipe, indices, partial(read_known, job.models))
    shapes = padding.read(job.models)
    return predictions(
        job,
        partial(_unlabelled, words=job.inputs.get("words")),
        decoder=lambda part: partial(
            _candidates,
            decode=decode,
            tokenizer=tokenizer,
            predicates=indices,
            shapes=shapes,
            unlabelled=dataset.unlabelled(job.dataset) if part == "train" else {},
        ),
        piece=CHUNK,
        unit="sentences",
    )


def _candidates(
    records: Sequence[Record],
    *,
    decode: Decoder,
    tokenizer: Tokenizer,
    predicates: Indices,
    shapes: Sequence[Shape],
    unlabelled: Mapping[str, Sequence[str]],
) -> Candidates:
    sentences = tokenized(records, tokenizer, predicates, unlabelled=unlabelled)
    return candidates(decode, tokenizer, sentences, list(predicates), shapes=shapes)


def _loaded(method: Any, folder: Path, recipe: Recipe, tokenizer: Tokenizer, predicates: int) -> Any:
    network = method.build(recipe, tokenizer, predicates=predicates, seed=0)
    network.training.load_weights(folder / "model.weights.h5")
    return network


def _unlabelled(records_of: Dataset, part: Part, *, words: Dataset | None) -> Iterator[Record]:
    """The sentences of a part without their labels, with their stored words if there are any."""
    records = (record._replace(triples=()) for record in dataset.stream(records_of, part))
    return _with_words(records, words, part) if words else records


def _with_words(records: Iterator[Record], encoded: Dataset, part: Part) -> Iterator[Record]:
    """Yield records with their stored words; both come in the order of the dataset."""
    segmented = stream_words(encoded, part)
    for record in records:
        words = next((words for id, words in segmented if id == record.id), None)
        if words is None:
            raise ValueError(f"{part}: expected the words of {record.id} after those before it")
        yield record._replace(words=tuple(words))
