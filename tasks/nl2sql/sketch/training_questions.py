"""The questions that a fold's model learns from and is watched on, whatever its method makes of them."""

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache, partial
from typing import Generic, TypeVar

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.seeds import derive
from tasks.nl2sql import dataset
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.dataset import read_view
from tasks.nl2sql.query.schema import Question
from tasks.nl2sql.sketch.features import Shapes
from tasks.text import dataset_files
from tasks.text.tokenization import Reader

EVALUATED = 256
"""Held-out questions looked at after an epoch."""
BATCH_PAIRS = 2**16
"""Most pairs of a column and a token in a batch, which bounds memory where tables are wide."""

Read = TypeVar("Read")


class Lessons(Generic[Read]):
    """The questions of one training, read as its method reads them.

    Args:
        read: labelled questions of tables, in order, as the method takes them.
        shapes: sizes to which such a question is padded.
    """

    def __init__(
        self,
        job: TrainJob,
        recipe: Recipe,
        *,
        read: Callable[["Lessons[Read]", Sequence[Question]], list[Read]],
        shapes: Callable[[Read], Shapes],
    ) -> None:
        self.job, self.recipe, self._read, self._shapes = job, recipe, read, shapes
        self.reader = Reader(recipe.encoder, partial(dataset_files.characters, job.dataset))
        self.tables = dataset.tables(job.dataset, "train")
        self._questions = dataset.questions(job.dataset, "train")
        self._folds = np.load(job.folds / "folds.npy")
        own = (self._folds != job.fold) & (self._folds != job.beside)
        self._own: list[int] = np.flatnonzero(own).tolist()

    @cached_property
    def learned(self) -> list[Read]:
        """The questions as they are."""
        return self._read(self, [self._questions[row] for row in self._own])

    @cached_property
    def views(self) -> list[list[Read]]:
        """Augmented views of the same questions."""
        found = (read_view(folder) for folder in self.job.views)
        return [self._read(self, [view[row] for row in self._own]) for view in found]

    @cached_property
    def watched(self) -> list[Question]:
        """Some of the held-out questions, spread evenly."""
        held_out = np.flatnonzero(self._folds == self.job.fold)
        spread = held_out[:: max(1, len(held_out) // EVALUATED)]
        return [self._questions[row] for row in spread.tolist()]

    @cached_property
    def _sizes(self) -> list[Shapes]:
        return [self._shapes(each) for each in self.learned]

    @lru_cache(maxsize=2)  # noqa: B019  (lives as long as its child process)
    def plan(self, epoch: int) -> list[np.ndarray]:
        """Which questions make each batch of an epoch: those of one length and of tables of one width."""
        drawn = np.random.default_rng([derive(self.job.seed, "batches"), epoch])
        batches: list[np.ndarray] = []
        for shape in sorted(set(self._sizes)):
            rows = drawn.permutation([row for row, own in enumerate(self._sizes) if own == shape])
            most = BATCH_PAIRS // (shape.tokens * shape.columns)
            size = max(1, min(self.recipe.training.batch_questions, most))
            batches += [rows[start : start + size] for start in range(0, len(rows), size)]
        return [batches[place] for place in drawn.permutation(len(batches))]

    def shown(self, row: int, stage: Stage, drawn: np.random.Generator) -> Read:
        """A question as it is, or one of its views."""
        share = 0.0 if stage.plain or not self.views else self.recipe.augmentation.share
        if drawn.random() >= share:
            return self.learned[row]
        return self.views[drawn.integers(len(self.views))][row]
