"""Why a sentence has its triples: the weight of each character for a triple's score.

The baseline is the sentence with every character blank; what is known of names in other sentences (distant
supervision) stays. Answers are decoded anew, by the models whose mean is explained.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import method_module
from tasks.core.jobs import ExplainedRecords, ExplainJob
from tasks.extraction import dataset
from tasks.extraction.answers import answered
from tasks.extraction.config import Recipe
from tasks.extraction.encode import segmented
from tasks.extraction.explanation.choice import unsure, worst
from tasks.extraction.labelling.mentions import LabelledTriple, label, surface
from tasks.extraction.models.features import TokenizedSentence, tokenized
from tasks.extraction.models.inference import SpanTriple, candidates
from tasks.extraction.models.network import Arrays
from tasks.extraction.models.training_knowledge import read_known, read_words
from tasks.extraction.records import Record, Triple, normal_form
from tasks.learning.attribution.explanations import Explainer, Explanation, Reason
from tasks.learning.attribution.networks import Attributor, Output, Weights
from tasks.text import dataset_files, padding
from tasks.text.attribution import characters_of, token_inputs, without_tokens
from tasks.text.tokenization import EXTRA, Tokenizer

MOST_TRIPLES = 4
"""Of a sentence: answered ones, then labelled ones that were not answered."""


class SentenceNetwork(NamedTuple):
    """The network of a recipe with what reads its sentences and explains its outputs."""

    recipe: Recipe
    tokenizer: Tokenizer
    built: Any
    """`tasks.extraction.models.network.TripleNetwork`"""
    method: Any
    """The method's module `explanation`."""
    predicates: Sequence[str]
    attributor: Attributor

    @property
    def indices(self) -> Mapping[str, int]:
        return {name: index for index, name in enumerate(self.predicates)}

    def load(self, model: Path) -> None:
        """Give the network the weights of a model."""
        self.built.training.load_weights(model / "model.weights.h5")


def explain(job: ExplainJob) -> Iterator[Explanation]:
    """For each sentence the reasons for the triples that are answered, and for those that should be."""
    recipe = Recipe.model_validate(job.settings)
    network = _network(job, recipe)
    for records in job.records:
        sentences = tokenized(
            _records(job, records, recipe),
            network.tokenizer,
            network.indices,
            unlabelled=dataset.unlabelled(job.dataset) if records.part == "train" else None,
        )
        answers = _answers(job, network, records, sentences)
        known = partial(read_known, records.models)
        further = network.method.further_inputs(recipe, known, network.indices)
        asked = [_asked(network, *each) for each in zip(sentences, answers, strict=True)]
        outputs = [
            _output(network, sentence, spans, further)
            for sentence, triples in zip(sentences, asked, strict=True)
            for _, spans in triples
        ]
        weights = iter(network.attributor.of_models(outputs, records.models, network.load))
        for sentence, triples, answer in zip(sentences, asked, answers, strict=True):
            labels = None if records.part == "test" else sentence.record.triples
            yield Explanation(
                sentence.record.id,
                records.part,
                len(records.models),
                all_written(answer.triples),
                None if labels is None else all_written(labels),
                tuple(
                    _reason(sentence, triple, answer.triples, labels, next(weights)) for triple, _ in triples
                ),
            )


def _network(job: ExplainJob, recipe: Recipe) -> SentenceNetwork:
    models = [model for records in job.records for model in records.models]
    predicates = dataset.predicates(job.dataset)
    counts = partial(dataset_files.characters, job.dataset)
    tokenizer = Tokenizer(recipe.encoder, counts, words=partial(read_words, models))
    inference = method_module("extraction", recipe.method, "inference")
    method = method_module("extraction", recipe.method, "explanation")
    built = inference.build(recipe, tokenizer, predicates=len(predicates), seed=0)
    attributor = Attributor(built.training, method.score, token_inputs(built.training.input))
    return SentenceNetwork(recipe, tokenizer, built, method, predicates, attributor)


def _records(job: ExplainJob, records: ExplainedRecords, recipe: Recipe) -> list[Record]:
    """The sentences, with their words where the encoder reads them."""
    ids, settings = set(records.ids), recipe.encoder.dgcnn
    needs_words = recipe.encoder.kind == "dgcnn" and (settings.words or settings.word_vectors)
    found = {each.id: each for each in dataset.stream(job.dataset, records.part) if each.id in ids}
    chosen = [found[id] for id in records.ids]
    if needs_words:
        chosen = [
            each if each.words is not None else each._replace(words=tuple(segmented(each.text)))
            for each in chosen
        ]
    return chosen


class Answered(NamedTuple):
    """The triples of one sentence, as predictions are made."""

    triples: list[Triple]
    spans: dict[Triple, SpanTriple]
    """Where the decoder has found triples, by their normal form."""


def _answers(
    job: ExplainJob, network: SentenceNetwork, records: ExplainedRecords, sentences: list[TokenizedSentence]
) -> list[Answered]:
    """The answers of the records' models together."""
    inference = method_module("extraction", network.recipe.method, "inference")
    networks, count = [], len(network.predicates)
    for model in records.models:
        built = inference.build(network.recipe, network.tokenizer, predicates=count, seed=0)
        built.training.load_weights(model / "model.weights.h5")
        networks.append(built)
    known = partial(read_known, records.models)
    decode = inference.decoder(networks, network.recipe, network.indices, known)
    spans: dict[str, dict[Triple, SpanTriple]] = {}

    def decode_and_note(batch: Sequence[TokenizedSentence], inputs: Arrays) -> list[list[SpanTriple]]:
        found: list[list[SpanTriple]] = decode(batch, inputs)
        for sentence, triples in zip(batch, found, strict=True):
            of_sentence = spans.setdefault(sentence.record.id, {})
            for each in sorted(triples, key=lambda each: -each.score):
                of_sentence.setdefault(_strings(sentence.record.text, each, network), each)
        return found

    shapes = padding.read(records.models)
    bare = [each._replace(record=each.record._replace(triples=()), labels=()) for each in sentences]
    scored = candidates(decode_and_note, network.tokenizer, bare, network.predicates, shapes=shapes)
    decision = {"by_predicate": {}, "rules": [], "threshold": 0.5, **job.decision}
    triples = answered(scored, [each.record.text for each in sentences], decision)
    return [
        Answered(each, spans.get(sentence.record.id, {}))
        for sentence, each in zip(sentences, triples, strict=True)
    ]


def _strings(text: str, triple: SpanTriple, network: SentenceNetwork) -> Triple:
    names = surface(text, triple.subject), network.predicates[triple.predicate], surface(text, triple.object)
    return normal_form(names)


def _asked(
    network: SentenceNetwork, sentence: TokenizedSentence, answers: Answered
) -> list[tuple[Triple, LabelledTriple]]:
    """The triples to be explained, with their spans; without those that a rule has added or nobody reads."""
    given = {normal_form(each) for each in answers.triples}
    missed = [each for each in sentence.record.triples if normal_form(each) not in given]
    found = []
    for triple in [*answers.triples, *missed]:
        decoded = answers.spans.get(normal_form(triple))
        spans: Sequence[LabelledTriple] = (
            [decoded[:3]] if decoded else label(sentence.record.text, [triple], network.indices).triples
        )
        found += [
            (triple, each) for each in spans if max(each[1][1], each[2][1]) <= network.tokenizer.longest
        ]
    return found[:MOST_TRIPLES]


def _output(
    network: SentenceNetwork, sentence: TokenizedSentence, triple: LabelledTriple, further: Any
) -> Output:
    length = -(-sentence.tokens // padding.MULTIPLE) * padding.MULTIPLE
    length = min(length, network.tokenizer.longest + EXTRA)
    inputs = network.tokenizer.batch([sentence.inputs], length=length) | further(sentence, triple, length)
    choice = network.method.choice(triple, tokens=length, predicates=len(network.predicates))
    return Output(inputs, without_tokens(inputs, network.tokenizer), choice)


def _reason(
    sentence: TokenizedSentence,
    triple: Triple,
    answers: Sequence[Triple],
    labels: Sequence[Triple] | None,
    weights: Weights,
) -> Reason:
    by_name, mean = weights
    of_tokens = np.sum([each[0] for each in by_name.values()], axis=0)
    text = characters_of(sentence.record.text, of_tokens[1 : sentence.tokens - 1], name="sentence")

    def among(triples: Sequence[Triple]) -> bool:
        return normal_form(triple) in map(normal_form, triples)

    right = None if labels is None else among(labels)
    figures = mean.output, mean.baseline, mean.error, mean.points
    return Reason(written(triple), among(answers), right, *figures, (text,))


def written(triple: Triple) -> str:
    """A triple for people.

    >>> written(("Hamlet", "author", "Shakespeare"))
    '(Hamlet, author, Shakespeare)'
    """
    return f"({', '.join(triple)})"


def all_written(triples: Sequence[Triple]) -> str:
    return "; ".join(map(written, triples)) or "no triple"


EXPLAINER = Explainer(explain, worst, unsure)
