"""What one fold's model is fitted on: batches as a function of the step, losses, held-out figures."""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.extraction import dataset
from tasks.extraction.config import Recipe
from tasks.extraction.dataset import read_views
from tasks.extraction.labelling.cleaning import relabelled, repair
from tasks.extraction.labelling.distant_supervision import Knowledge
from tasks.extraction.models import gplinker, tagging
from tasks.extraction.models.distant_features import DistantInputs
from tasks.extraction.models.features import Example, examples, read_words
from tasks.extraction.models.inference import decoded
from tasks.extraction.records import Record
from tasks.extraction.triples import right_and_wanted
from tasks.learning.ensemble import thresholds
from tasks.learning.seeds import derive, generator
from tasks.learning.training.batches import by_length
from tasks.learning.training.loop import Batch, Training
from tasks.text import dataset_files
from tasks.text.tokenization import Reader

EVALUATED = 256
"""Held-out sentences looked at after an epoch."""


def build(job: TrainJob) -> Training:
    """The training of one fold's model, or of a language model, for `tasks.learning.training.loop.fit`."""
    from tasks.extraction.models import networks
    from tasks.text.language_model import start_encoder

    recipe = Recipe.model_validate(job.settings)
    sentences = Sentences(job, recipe)
    network = networks.build(recipe, sentences.reader, predicates=len(sentences.predicates), seed=job.seed)
    if job.start:
        start_encoder(network.training, job.start, sentences.reader)
    return Training(
        model=network.training,
        stages=recipe.training.stages,
        losses=network.losses,
        loss_weights=dict.fromkeys(network.losses, 1.0),
        metric=None,
        batch=sentences.batch,
        steps_per_epoch=len(sentences.plan(0)),
        select=lambda model, stage: {},
        evaluate=partial(sentences.evaluate, network),
        ema=recipe.training.ema,
    )


class Sentences:
    """The sentences a fold learns from, their views, and those it is watched on."""

    def __init__(self, job: TrainJob, recipe: Recipe) -> None:
        self.job, self.recipe = job, recipe
        self.predicates = dataset.predicates(job.dataset)
        self._index = {predicate: number for number, predicate in enumerate(self.predicates)}
        self._words = read_words(job.inputs["words"]) if "words" in job.inputs else None
        self._records = dataset.records(job.dataset, "train")
        self._folds = np.load(job.folds / "folds.npy")
        own = (self._folds != job.fold) & (self._folds != job.beside)
        self._own: list[int] = np.flatnonzero(own).tolist()
        segmented = [self._words[record.id] for record in self._records] if self._words else None
        self.reader = Reader(
            recipe.encoder, partial(dataset_files.characters, job.dataset), segmented=segmented
        )

    @cached_property
    def learned(self) -> list[Example]:
        """What is learned as it stands, after cleaning and relabelling."""
        return self._examples(self._relabelled, words=self._words)

    @cached_property
    def _relabelled(self) -> list[Record]:
        given = [self._records[row] for row in self._own]
        if not self.job.labels:
            return given
        settings = self.recipe.training.labelling
        limits = {"add_above": settings.add_above, "drop_below": settings.drop_below}
        return relabelled(given, self.job.labels, **limits)

    @cached_property
    def views(self) -> list[list[Example]]:
        """Augmented views of the same sentences; views are made of given labels, so others replace them."""
        return [self._view(read_views(folder)) for folder in self.job.views]

    def _view(self, records: Sequence[Record]) -> list[Example]:
        views = self._examples([records[row] for row in self._own], words=None)
        return [
            view if record.triples == self._records[row].triples else own
            for view, own, record, row in zip(views, self.learned, self._relabelled, self._own, strict=True)
        ]

    def _examples(self, records: list[Record], *, words: Mapping[str, Sequence[str]] | None) -> list[Example]:
        repairs = self.recipe.training.labelling.repairs
        if repairs:
            records = [
                record._replace(triples=tuple(repair(record.text, record.triples, names=repairs)))
                for record in records
            ]
        return examples(records, self.reader, self._index, words=words)

    @cached_property
    def distant(self) -> DistantInputs | None:
        """Pairs of names that are triples elsewhere in the sentences learned from."""
        if not self.recipe.distant:
            return None
        knowledge = Knowledge.of([self._records[row] for row in self._own], self._index)
        return DistantInputs(knowledge, len(self.predicates))

    @lru_cache(maxsize=2)  # noqa: B019  (lives as long as its child process)
    def plan(self, epoch: int) -> list[np.ndarray]:
        """Which sentences make each batch of an epoch."""
        lengths = np.array([example.tokens for example in self.learned])
        budget = self.recipe.training.batch_characters
        return by_length(lengths, budget=budget, seed=derive(self.job.seed, "batches"), epoch=epoch)

    def batch(self, stage: Stage, epoch: int, step: int) -> Batch:
        """The batch of a step: a pure function of its arguments and the job."""
        drawn = generator(self.job.seed, "batch", epoch, step)
        chosen = [self._shown(int(row), stage, drawn) for row in self.plan(epoch)[step]]
        inputs = self.reader.batch([example.read for example in chosen])
        length = inputs["characters"].shape[1]
        if self.recipe.method == "gplinker":
            targets = gplinker.targets(chosen, predicates=len(self.predicates), length=length)
            return Batch(inputs, targets)
        extra, targets = tagging.targets(
            chosen,
            predicates=len(self.predicates),
            subjects=self.recipe.training.subjects,
            length=length,
            generator=drawn,
        )
        if self.distant:
            extra |= self.distant.of_batch(chosen, extra["span"], length=length)
        return Batch(inputs | extra, targets)

    def _shown(self, row: int, stage: Stage, drawn: np.random.Generator) -> Example:
        """A sentence as it is, or one of its views."""
        share = 0.0 if stage.plain or not self.views else self.recipe.augmentation.share
        if drawn.random() >= share:
            return self.learned[row]
        return self.views[drawn.integers(len(self.views))][row]

    @cached_property
    def watched(self) -> list[Example]:
        """Some of the held-out sentences, spread evenly."""
        held_out = np.flatnonzero(self._folds == self.job.fold)
        spread = held_out[:: max(1, len(held_out) // EVALUATED)]
        return examples([self._records[row] for row in spread], self.reader, self._index, words=self._words)

    def evaluate(self, network: Any, model: Any) -> dict[str, float]:
        """F1 on held-out sentences at the best threshold for them."""
        if not self.watched:
            return {}
        found = decoded(
            [network], self.recipe, self.reader, self.watched, self.predicates, distant=self.distant
        )
        right, wanted = right_and_wanted(found, [example.record for example in self.watched])
        return {"held_out_f1": thresholds.best_cut(found.scores, right, wanted)[1]}
