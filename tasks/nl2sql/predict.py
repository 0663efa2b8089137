"""Predictions of held-out, validation and test questions, by one model or by the mean outputs of several."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tasks.core.competition import Part, Scores, method_module
from tasks.core.dataset import Dataset
from tasks.core.jobs import PredictJob
from tasks.learning.ensemble.candidates import Candidates
from tasks.nl2sql import dataset
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.label_counts import counts
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Question
from tasks.nl2sql.sketch import features
from tasks.nl2sql.stored_tables import StoredTables
from tasks.nl2sql.wording import model as wording
from tasks.text import dataset_files, padding
from tasks.text.prediction import predictions
from tasks.text.tokenization import Tokenizer

CHUNK = 1024
"""Questions whose features are in memory at a time; they are batched by size."""
CACHED_ROWS = 100_000
"""Of results of queries, about 10 MB."""


def predict(job: PredictJob) -> Iterator[Scores]:
    """Candidates of the job's part, piece by piece; `held_out` are the questions of its fold."""
    recipe = Recipe.model_validate(job.settings)
    method = method_module("nl2sql", recipe.method, "inference")
    tokenizer = Tokenizer(recipe.encoder, partial(dataset_files.characters, job.dataset))
    networks = [_loaded(method, model, recipe, tokenizer) for model in job.models]
    factors = QueryFactors.of(counts.read(job.models), wording.read(job.models))
    decode_batches = partial(method.decode, factors=factors, shapes=padding.read(job.models))

    def decoder(part: Part) -> Callable[[list[Question]], Candidates]:
        tables = StoredTables(job.dataset, part)
        database = dataset.database(job.dataset, part)
        executor = Executor(database, tables, most_cached_rows=CACHED_ROWS)

        def decode(questions: list[Question]) -> Candidates:
            examples = features.examples(questions, tables, longest=tokenizer.longest)
            candidates: Candidates = decode_batches(networks, recipe, tokenizer, examples, tables, executor)
            return candidates

        return decode

    return predictions(job, _unlabelled, decoder=decoder, piece=CHUNK, unit="questions")


def _loaded(method: Any, folder: Path, recipe: Recipe, tokenizer: Tokenizer) -> Any:
    network = method.build(recipe, tokenizer, seed=0)
    network.model.load_weights(folder / "model.weights.h5")
    return network


def _unlabelled(folder: Dataset, part: Part) -> Iterator[Question]:
    return (question._replace(query=None) for question in dataset.stream(folder, part))
