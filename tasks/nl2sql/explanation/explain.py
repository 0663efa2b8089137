"""Why a question has its query: the weight of each character for the parts of the query.

The baseline is the question with every character of it and of the header blank, and without what is known of
matches between them. Answers are decoded anew, by the models whose mean is explained.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import method_module
from tasks.core.jobs import ExplainedRecords, ExplainJob
from tasks.learning.attribution.explanations import Explainer, Explanation, Reason
from tasks.learning.attribution.networks import Attributor, Output, Weights
from tasks.nl2sql import dataset
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.explanation import question_texts
from tasks.nl2sql.explanation.choice import unsure, worst
from tasks.nl2sql.explanation.query_parts import QueryPart, query_parts, score
from tasks.nl2sql.label_counts import counts
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Query, Table
from tasks.nl2sql.query.sql import readable
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.stored_tables import StoredTables
from tasks.nl2sql.voting import answer_queries
from tasks.nl2sql.wording import model as wording
from tasks.text import dataset_files, padding
from tasks.text.attribution import token_inputs
from tasks.text.tokenization import Tokenizer

MOST_PARTS = 8
"""Of a question: those of its answer, then those of the label that the answer lacks."""
DECIDED = ("connector", "select", "operators", "tags", "column", "conditions")
"""Outputs by which parts of a query are decided."""


class AskedPart(NamedTuple):
    """A part of a query to be explained."""

    part: QueryPart
    answered: bool
    right: bool | None


class AskedQuestion(NamedTuple):
    """A question with its answer and all that is asked of it."""

    example: SketchExample
    table: Table
    answer: Query
    label: Query | None
    inputs: dict[str, np.ndarray]
    parts: list[AskedPart]


class QuestionNetwork(NamedTuple):
    """The network of a recipe with what reads its questions and explains its outputs."""

    recipe: Recipe
    tokenizer: Tokenizer
    built: Any
    """With a `model`."""
    method: Any
    """The method's module `inference`."""
    attributor: Attributor

    def load(self, model: Path) -> None:
        """Give the network the weights of a model."""
        self.built.model.load_weights(model / "model.weights.h5")


def explain(job: ExplainJob) -> Iterator[Explanation]:
    """For each question the reasons for the parts of its query, and for those that should be there."""
    network = _network(job, Recipe.model_validate(job.settings))
    for records in job.records:
        asked = _asked(job, network, records)
        outputs = [
            Output(each.inputs, question_texts.blank(each.inputs, network.tokenizer), part.part.choice)
            for each in asked
            for part in each.parts
        ]
        weights = iter(network.attributor.of_models(outputs, records.models, network.load))
        for each in asked:
            yield Explanation(
                each.example.question.id,
                records.part,
                len(records.models),
                readable(each.answer, each.table),
                None if each.label is None else readable(each.label, each.table),
                tuple(_reason(each, part, next(weights)) for part in each.parts),
            )


def _network(job: ExplainJob, recipe: Recipe) -> QuestionNetwork:
    tokenizer = Tokenizer(recipe.encoder, partial(dataset_files.characters, job.dataset))
    method = method_module("nl2sql", recipe.method, "inference")
    built = method.build(recipe, tokenizer, seed=0)
    given = built.model.input
    matches = question_texts.MATCHES if recipe.sketch.matches else ()
    names = [*token_inputs(given), *(name for name in matches if name in given)]
    attributor = Attributor(built.model, score, names, tile=question_texts.tile)
    return QuestionNetwork(recipe, tokenizer, built, method, attributor)


def _asked(job: ExplainJob, network: QuestionNetwork, records: ExplainedRecords) -> list[AskedQuestion]:
    ids, tokenizer = set(records.ids), network.tokenizer
    found = {each.id: each for each in dataset.stream(job.dataset, records.part) if each.id in ids}
    questions, tables = [found[id] for id in records.ids], StoredTables(job.dataset, records.part)
    unlabelled = [each._replace(query=None) for each in questions]
    examples = features.examples(unlabelled, tables, longest=tokenizer.longest)
    answers = _answers(job, network, records, examples, tables)
    own = method_module("nl2sql", network.recipe.method, "explanation")
    asked = []
    for question, example, answer in zip(questions, examples, answers, strict=True):
        inputs, candidates = own.question_inputs(example, tables, network.recipe, tokenizer)
        outputs = network.built.model(inputs, training=False)
        shapes = {name: tuple(outputs[name].shape[1:]) for name in DECIDED if name in outputs}
        make = partial(
            query_parts,
            text=question.text,
            table=tables[question.table],
            shapes=shapes,
            candidates=candidates,
        )
        label = question.query
        parts = _parts(make(answer), None if label is None else make(label))
        asked.append(AskedQuestion(example, tables[question.table], answer, label, inputs, parts))
    return asked


def _parts(answered: Sequence[QueryPart], labelled: Sequence[QueryPart] | None) -> list[AskedPart]:
    given, right = ({part.name for part in parts} for parts in (answered, labelled or ()))
    found = [AskedPart(part, True, None if labelled is None else part.name in right) for part in answered]
    missed = [part for part in labelled or () if part.name not in given]
    return [*found, *(AskedPart(part, False, True) for part in missed)][:MOST_PARTS]


def _answers(
    job: ExplainJob,
    network: QuestionNetwork,
    records: ExplainedRecords,
    examples: Sequence[SketchExample],
    tables: StoredTables,
) -> list[Query]:
    """The query of each question by the records' models together, as predictions are made."""
    networks = []
    for model in records.models:
        networks.append(network.method.build(network.recipe, network.tokenizer, seed=0))
        networks[-1].model.load_weights(model / "model.weights.h5")
    executor = Executor(dataset.database(job.dataset, records.part), tables)
    factors = QueryFactors.of(counts.read(records.models), wording.read(records.models))
    values = network.method.decode(
        networks,
        network.recipe,
        network.tokenizer,
        examples,
        tables,
        executor,
        factors=factors,
        shapes=padding.read(records.models),
    )
    questions = [each.question for each in examples]
    return answer_queries(values, questions, tables, {"vote": "query", **job.decision})


def _reason(asked: AskedQuestion, part: AskedPart, weights: Weights) -> Reason:
    by_name, mean = weights
    figures = mean.output, mean.baseline, mean.error, mean.points
    shown = question_texts.texts(asked.example, asked.inputs, by_name)
    return Reason(part.part.name, part.answered, part.right, *figures, shown)


EXPLAINER = Explainer(explain, worst, unsure)
