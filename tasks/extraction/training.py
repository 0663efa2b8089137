"""Trainings of one fold's model: batches as a function of the step, and figures on held-out sentences."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import method_module
from tasks.core.config import Stage
from tasks.core.execution.child_messages import send
from tasks.core.jobs import TrainJob
from tasks.extraction import dataset
from tasks.extraction.config import Recipe
from tasks.extraction.config import Training as Settings
from tasks.extraction.labelling.cleaning import relabelled, repair
from tasks.extraction.models.features import TokenizedSentence, read_words, tokenized
from tasks.extraction.models.network import SentenceSizes, TargetMaker
from tasks.extraction.models.padding import in_prediction, in_training, token_counts
from tasks.extraction.models.training_knowledge import write_known, write_words
from tasks.extraction.records import Record
from tasks.learning.folds.rows import training_rows
from tasks.learning.seeds import derive, generator
from tasks.learning.training.loop import Batch, Training
from tasks.learning.training.out_of_memory import Size
from tasks.learning.training.padded_shapes import (
    MOST_IN_PREDICTION,
    EpochPlan,
    PaddedBatch,
    Shape,
    choose,
    fixed_batches,
)
from tasks.text import dataset_files, padding
from tasks.text.tokenization import Tokenizer
from tasks.text.training_records import record_or_view, some_held_out_rows
from tasks.text.vocabulary import word_counts


def build(job: TrainJob) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`.

    What belongs to the recipe's method is in its module `training` (`tasks.extraction.models.network`), which
    is imported by name, so that a cache key holds the code of that method alone.
    """
    from tasks.text.language_model import start_encoder

    recipe = Recipe.model_validate(job.settings)
    sentences = TrainingSentences(job, recipe)
    network = sentences.method.build(
        recipe, sentences.tokenizer, predicates=len(sentences.predicates), seed=job.seed
    )
    if job.start:
        start_encoder(network.training, job.start, sentences.tokenizer)
    return Training(
        model=network.training,
        stages=recipe.training.stages,
        losses=network.losses,
        loss_weights=dict.fromkeys(network.losses, 1.0),
        batch=sentences.batch,
        steps_per_epoch=len(sentences.plan(0)),
        evaluate=sentences.evaluate,
        ema=recipe.training.ema,
        size=_size(recipe.training),
        write=sentences.write_knowledge,
        note=sentences.plan.note,
    )


def _size(settings: Settings) -> Size:
    """What decides the size of a batch."""
    name = "batch_sentences" if settings.batch_sentences else "batch_characters"
    return Size(f"recipe.training.{name}", getattr(settings, name), settings.fit_memory)


class TrainingSentences:
    """The sentences that a fold's model is fitted on, their views, and some that are held out."""

    def __init__(self, job: TrainJob, recipe: Recipe) -> None:
        self.job, self.recipe = job, recipe
        self.method = method_module("extraction", recipe.method, "training")
        self.predicates = {name: index for index, name in enumerate(dataset.predicates(job.dataset))}
        self._words = read_words(job.inputs["words"], "train") if "words" in job.inputs else None
        self._records = dataset.records(job.dataset, "train")
        self._unlabelled = dataset.unlabelled(job.dataset)
        self._rows: list[int] = training_rows(job).tolist()
        counts = partial(dataset_files.characters, job.dataset)
        self.tokenizer = Tokenizer(recipe.encoder, counts, words=self._word_counts)

    def _word_counts(self) -> list[tuple[str, int]]:
        """Words of all training sentences, held out or not, since they are no labels."""
        if self._words is None:
            raise ValueError("expected segmented sentences for an encoder that reads words")
        return word_counts(self._words[record.id] for record in self._records)

    def write_knowledge(self, folder: Path) -> None:
        """Write what predictions need of the sentences (`tasks.extraction.models.training_knowledge`)."""
        if self._words is not None:
            minimum = self.recipe.encoder.dgcnn.word_minimum_count
            write_words(folder, self._word_counts(), minimum=minimum)
        if self.recipe.distant:
            write_known(folder, self._rows, [self._records[row] for row in self._rows])
        padding.write(folder, self.prediction_shapes)

    @cached_property
    def fitted(self) -> list[TokenizedSentence]:
        """The sentences that the model is fitted on, after relabelling and cleaning."""
        return self._tokenized(self._relabelled, words=self._words)

    @cached_property
    def _relabelled(self) -> list[Record]:
        records = [self._records[row] for row in self._rows]
        if not self.job.labels:
            return records
        settings = self.recipe.training.labelling
        limits = {"add_above": settings.add_above, "drop_below": settings.drop_below}
        found, changes = relabelled(records, self.job.labels, **limits)
        send(changes.text)
        changes.check(settings.most_dropped)
        return found

    @cached_property
    def views(self) -> list[list[TokenizedSentence]]:
        """Augmented views of the same sentences.

        Views are made with the labels of the raw files: sentences with other labels replace their views.
        """
        return [self._view(dataset.read_views(folder)) for folder in self.job.views]

    def _view(self, records: Sequence[Record]) -> list[TokenizedSentence]:
        views = self._tokenized([records[row] for row in self._rows], words=None)
        return [
            view if record.triples == self._records[row].triples else plain
            for view, plain, record, row in zip(views, self.fitted, self._relabelled, self._rows, strict=True)
        ]

    def _tokenized(
        self, records: list[Record], *, words: Mapping[str, Sequence[str]] | None
    ) -> list[TokenizedSentence]:
        repairs = self.recipe.training.labelling.repairs
        if repairs:
            records = [
                record._replace(triples=tuple(repair(record.text, record.triples, names=repairs)))
                for record in records
            ]
        return tokenized(records, self.tokenizer, self.predicates, words=words, unlabelled=self._unlabelled)

    @cached_property
    def _make_targets(self) -> TargetMaker:
        records = [self._records[row] for row in self._rows]
        make: TargetMaker = self.method.target_maker(self.recipe, records, self.predicates)
        return make

    @cached_property
    def _sizes(self) -> np.ndarray:
        """(n, 2) int64: tokens and labels of each sentence, or of its largest view."""
        versions = [self.fitted, *(self.views if self.recipe.augmentation.share else [])]
        sizes = [[(each.tokens, self.method.label_count(each)) for each in every] for every in versions]
        return np.array(sizes, np.int64).reshape(len(versions), -1, 2).max(axis=0)

    @cached_property
    def plan(self) -> EpochPlan:
        """Which sentences make each batch of an epoch."""
        settings = self.recipe.training
        characters, sentences = settings.batch_characters, settings.batch_sentences
        allowed = in_training(self.tokenizer.longest, characters=characters, sentences=sentences)
        return EpochPlan(self._sizes, allowed, seed=derive(self.job.seed, "batches"))

    @cached_property
    def prediction_shapes(self) -> tuple[Shape, ...]:
        """The padded shapes in which the same sentences would be predicted."""
        allowed = in_prediction(self.tokenizer.longest)
        return choose(token_counts(self.fitted), allowed, most=MOST_IN_PREDICTION)

    def batch(self, stage: Stage, epoch: int, step: int) -> Batch:
        """The batch of a step: a pure function of its arguments and the job."""
        random, planned = generator(self.job.seed, "batch", epoch, step), self.plan(epoch)[step]
        sentences = [self._choose_view(int(row), stage, random) for row in planned.records]
        return self._batch(sentences, SentenceSizes(*planned.shape.sizes), random, planned)

    def _batch(
        self,
        sentences: Sequence[TokenizedSentence],
        size: SentenceSizes,
        random: np.random.Generator,
        planned: PaddedBatch,
    ) -> Batch:
        filler = sentences[0]._replace(is_filler=True)
        rows = [*sentences, *[filler] * (planned.shape.rows - len(sentences))]
        inputs = self.tokenizer.batch([sentence.inputs for sentence in rows], length=size.tokens)
        further, targets = self._make_targets(rows, size, random)
        return Batch(inputs | further, targets, planned.weights)

    def _choose_view(self, row: int, stage: Stage, random: np.random.Generator) -> TokenizedSentence:
        """A sentence as it is, or one of its views."""
        share = 0.0 if stage.plain else self.recipe.augmentation.share
        return record_or_view(self.fitted, self.views, row, random, share=share)

    @cached_property
    def held_out(self) -> list[TokenizedSentence]:
        """Some of the held-out sentences, spread evenly, with the labels of the raw files."""
        records = [self._records[row] for row in some_held_out_rows(self.job)]
        return tokenized(
            records, self.tokenizer, self.predicates, words=self._words, unlabelled=self._unlabelled
        )

    def evaluate(self, model: Any) -> dict[str, float]:
        """Micro F1 of the marks that the model sets in held-out sentences, which takes no decoder.

        A mark is a start, an end, a span or a link, as the method has it. No random number that the training
        uses is drawn.
        """
        if not self.held_out:
            return {}
        right = total = 0
        allowed = in_prediction(self.tokenizer.longest)
        planned = fixed_batches(token_counts(self.held_out), self.prediction_shapes, allowed)
        for number, each in enumerate(planned):
            random = generator(self.job.seed, "held-out marks", number)
            sentences = [self.held_out[row] for row in each.records]
            sizes = SentenceSizes(tokens=each.shape.sizes[0], labels=0)
            batch = self._batch(sentences, sizes, random, each)
            outputs, targets = (
                {name: _first(value, len(sentences), each.shape.rows) for name, value in arrays.items()}
                for arrays in (model.predict_on_batch(batch.inputs), batch.targets)
            )
            for marked, labelled in self.method.marks(outputs, targets):
                right += int(np.count_nonzero(marked & labelled))
                total += int(np.count_nonzero(marked)) + int(np.count_nonzero(labelled))
        return {"held_out_f1_of_marks": 2 * right / max(1, total)}


def _first(values: np.ndarray, sentences: int, rows: int) -> np.ndarray:
    """What belongs to the first sentences; each has as many rows of the values."""
    return values[: len(values) // rows * sentences]
