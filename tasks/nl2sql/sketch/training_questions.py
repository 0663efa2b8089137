"""The questions of one fold's training, for any method: labels, batches, masked names, held-out figures."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
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
from tasks.nl2sql import dataset
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.dataset import read_view
from tasks.nl2sql.label_counts import counts
from tasks.nl2sql.label_counts.counting import count_labels
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.labels import IGNORED, Labels, labels_of
from tasks.nl2sql.sketch.name_masking import mask_names
from tasks.nl2sql.sketch.padding import PaddedShape, QuestionSizes, in_prediction, in_training
from tasks.nl2sql.wording import fitting
from tasks.nl2sql.wording import model as wording
from tasks.text import dataset_files, padding
from tasks.text.tokenization import Tokenizer
from tasks.text.training_records import record_or_view, some_held_out_rows

Example = TypeVar("Example")
Arrays = dict[str, np.ndarray]


class TrainingQuestions(Generic[Example]):
    """The questions of one training as examples of its method.

    Args:
        read: makes the method's examples, in order, of labelled ones and their tables.
        vary: the example as one batch has it, by the recipe's settings and a random generator.
        sketch: the example of the sketch network that an example contains or is.
        inputs: a network's inputs for some examples, padded to a size.
        targets: targets of some examples by the name of an output, padded to a size.
        sizes: of an example that is not varied.
        varied_sizes: the largest sizes that `vary` can give an example.
    """

    def __init__(
        self,
        job: TrainJob,
        recipe: Recipe,
        *,
        read: Callable[[list[SketchExample], Mapping[str, Table]], list[Example]],
        vary: Callable[[Example, Recipe, np.random.Generator], Example],
        sketch: Callable[[Example], SketchExample],
        inputs: Callable[[Sequence[Example], Tokenizer, PaddedShape], Arrays],
        targets: Callable[[Sequence[Example], PaddedShape], Arrays],
        sizes: Callable[[Example, Tokenizer], QuestionSizes],
        varied_sizes: Callable[[Example, Tokenizer, Recipe], QuestionSizes],
    ) -> None:
        self.job, self.recipe = job, recipe
        self._read, self._vary, self._sketch = read, vary, sketch
        self._inputs, self._targets = inputs, targets
        self._sizes_of, self._varied_sizes_of = sizes, varied_sizes
        self.tokenizer = Tokenizer(recipe.encoder, partial(dataset_files.characters, job.dataset))
        self.tables = dataset.tables(job.dataset, "train")
        self._questions = dataset.questions(job.dataset, "train")
        self._rows: list[int] = training_rows(job).tolist()

    def _labelled(self, questions: Sequence[Question], rows: list[int]) -> list[SketchExample]:
        return labelled([questions[row] for row in rows], self.tables, longest=self.tokenizer.longest)

    @cached_property
    def _sketch_examples(self) -> list[SketchExample]:
        return self._labelled(self._questions, self._rows)

    @cached_property
    def examples(self) -> list[Example]:
        """The training questions, not augmented."""
        return self._read(self._sketch_examples, self.tables)

    @cached_property
    def views(self) -> list[list[Example]]:
        """Augmented views of the same questions."""
        views = (read_view(folder) for folder in self.job.views)
        return [self._read(self._labelled(view, self._rows), self.tables) for view in views]

    @cached_property
    def held_out(self) -> list[SketchExample]:
        """Some of the held-out questions, spread evenly."""
        return self._labelled(self._questions, some_held_out_rows(self.job).tolist())

    @cached_property
    def _held_out_batches(self) -> list[tuple[PaddedBatch, list[Example]]]:
        """Batches with their examples, the first again in rows that fill up."""
        examples = self._read(self.held_out, self.tables)
        allowed = in_prediction(self.tokenizer.settings)
        batches = fixed_batches(self._sizes(examples), self.prediction_shapes, allowed)
        return [(planned, [examples[row] for row in planned.filled()]) for planned in batches]

    def _sizes(self, examples: Sequence[Example]) -> np.ndarray:
        """(n, 4) int64"""
        found = [self._sizes_of(each, self.tokenizer) for each in examples]
        return np.array(found, np.int64).reshape(-1, 4)

    @cached_property
    def _varied_sizes(self) -> np.ndarray:
        """(n, 4) int64: the largest sizes of each question and its views in batches."""
        versions = [self.examples, *(self.views if self.recipe.augmentation.share else [])]
        sizes = [
            [self._varied_sizes_of(each, self.tokenizer, self.recipe) for each in version]
            for version in versions
        ]
        return np.array(sizes, np.int64).reshape(len(versions), -1, 4).max(axis=0)

    @cached_property
    def _names(self) -> int:
        """Different names of columns in the tables of all training questions."""
        versions = [self.examples, *(self.views if self.recipe.augmentation.share else [])]
        headers = {self._sketch(each).names for version in versions for each in version}
        return len({name for names in headers for name in names})

    @cached_property
    def plan(self) -> EpochPlan:
        """Which questions make each batch of an epoch."""
        allowed = in_training(self.tokenizer.settings, questions=self.recipe.training.batch_questions)
        return EpochPlan(self._varied_sizes, allowed, seed=derive(self.job.seed, "batches"))

    @cached_property
    def prediction_shapes(self) -> tuple[Shape, ...]:
        """The padded shapes in which the same questions would be predicted."""
        allowed = in_prediction(self.tokenizer.settings)
        return choose(self._sizes(self.examples), allowed, most=MOST_IN_PREDICTION)

    def batch(self, stage: Stage, epoch: int, step: int) -> Batch:
        """The batch of a step: a pure function of its arguments and the job."""
        random, sketch = generator(self.job.seed, "batch", epoch, step), self.recipe.sketch
        planned = self.plan(epoch)[step]
        size = PaddedShape.of(planned.shape, most_names=self._names)
        drawn = [self.draw(int(row), stage, random) for row in planned.records]
        batch = [self._vary(example, self.recipe, random) for example in drawn]
        batch += [batch[0]] * (planned.shape.rows - len(batch))
        arrays = self._inputs(batch, self.tokenizer, size)
        if sketch.matches and sketch.hidden and not stage.plain:
            mask_names(arrays, list(map(self._sketch, batch)), self.tokenizer, random, share=sketch.hidden)
        return Batch(arrays, self._targets(batch, size), planned.weights)

    def draw(self, row: int, stage: Stage, random: np.random.Generator) -> Example:
        """A training question or one of its views."""
        share = 0.0 if stage.plain else self.recipe.augmentation.share
        return record_or_view(self.examples, self.views, row, random, share=share)

    def training(self, network: Any, losses: dict[str, Any], loss_weights: dict[str, float]) -> Training:
        """The training of a network, its encoder started from a language model if the job has one."""
        if self.job.start:
            from tasks.text.language_model import start_encoder

            start_encoder(network.encoder, self.job.start, self.tokenizer)
        fitted = self.recipe.training
        return Training(
            model=network.model,
            stages=fitted.stages,
            losses=losses,
            loss_weights=loss_weights,
            batch=self.batch,
            steps_per_epoch=len(self.plan(0)),
            evaluate=self.evaluate,
            ema=self.recipe.training.ema,
            note=self.plan.note,
            write=self._write,
            size=Size("recipe.training.batch_questions", fitted.batch_questions, fitted.fit_memory),
        )

    def _write(self, folder: Path) -> None:
        padding.write(folder, self.prediction_shapes)
        questions = [self._questions[row] for row in self._rows]
        if self.recipe.augmentation.invented and self.job.views:
            questions += self._of_views()
        counts.write(folder, count_labels(questions, self.tables))
        wording.write(folder, fitting.fit(questions, self.tables))

    def _of_views(self) -> list[Question]:
        """Questions of the views, at most as many for each of the data as training takes from them."""
        share = self.recipe.augmentation.share
        probability = share / (1 - share) if share < 0.5 else 1.0
        random = generator(self.job.seed, "labels")
        drawn = [place for place in range(len(self._rows)) if random.random() < probability]
        chosen = [self.views[int(random.integers(len(self.views)))][place] for place in drawn]
        return [self._sketch(each).question for each in chosen]

    def evaluate(self, model: Any) -> dict[str, float]:
        """`held_out_exact_heads`: the share of held-out questions whose every output is right.

        It bounds no decoded figure, but rises with it, and needs neither decoder nor database. The number of
        conditions counts only where it is learned (`sketch.counts`).
        """
        exact: list[np.ndarray] = []
        for planned, batch in self._held_out_batches:
            size = PaddedShape.of(planned.shape)
            outputs = model.predict_on_batch(self._inputs(batch, self.tokenizer, size))
            targets = self._targets(batch, size)
            if not self.recipe.sketch.counts:
                targets.pop("number", None)
            exact.append(exact_heads(outputs, targets)[: len(planned.records)])
        return {"held_out_exact_heads": float(np.concatenate(exact).mean())} if exact else {}


def exact_heads(outputs: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> np.ndarray:
    """(b,) bool: whether the most probable class of each output is labelled, wherever there is a target.

    >>> logits = {"connector": np.eye(3)[[0, 2]], "begins": np.array([[1.5, -2.0], [-1.0, 3.0]])}
    >>> targets = {"connector": np.array([0, 2]), "begins": np.array([[1, 0], [1, IGNORED]])}
    >>> exact_heads(logits, targets).tolist()
    [True, False]
    """
    heads = [_exact(outputs[name], each) for name, each in targets.items()]
    return np.asarray(np.stack([each.reshape(len(each), -1).all(axis=1) for each in heads]).all(axis=0))


def _exact(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Where logits of classes (…, k) or of flags agree with targets: classes, flags, or shares of classes."""
    if targets.dtype == np.float32:  # shares; padding is `IGNORED` throughout
        return np.take_along_axis(targets, logits.argmax(axis=-1)[..., None], axis=-1)[..., 0] != 0
    classes = logits > 0 if logits.ndim == targets.ndim else logits.argmax(axis=-1)
    return (classes == targets) | (targets == IGNORED)


def labelled(
    questions: Sequence[Question], tables: Mapping[str, Table], *, longest: int
) -> list[SketchExample]:
    """Questions with their labels."""
    found = features.examples(questions, tables, longest=longest)
    return [each._replace(labels=_labels(each, tables[each.question.table])) for each in found]


def _labels(example: SketchExample, table: Table) -> Labels:
    query, text = example.question.query, example.question.text[: example.length]
    assert query is not None
    spans = dict(zip(query.conditions, align_values(query.conditions, text, table), strict=True))
    return labels_of(query, text, columns=len(example.names), spans=spans)
