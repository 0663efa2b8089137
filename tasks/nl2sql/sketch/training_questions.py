"""The questions of one fold's training, for any method: labels, batches of an epoch, held-out figures."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, Generic, TypeVar

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.folds.rows import training_rows
from tasks.learning.seeds import derive
from tasks.learning.training.loop import Batch, Training
from tasks.nl2sql import dataset
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.dataset import read_view
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import PaddedShape, SketchExample
from tasks.nl2sql.sketch.labels import IGNORED, Labels, labels_of
from tasks.text import dataset_files
from tasks.text.tokenization import Tokenizer
from tasks.text.training_records import record_or_view, some_held_out_rows

BATCH_PAIRS = 2**16
"""Most pairs of a column and a token in a training batch, which bounds memory where tables are wide."""

Example = TypeVar("Example")
Arrays = dict[str, np.ndarray]


class TrainingQuestions(Generic[Example]):
    """The questions of one training as examples of its method.

    Args:
        read: makes the method's examples, in order, of labelled ones and their tables.
        inputs: a network's inputs for some examples.
        targets: (examples, longest=) targets by the name of an output.
        candidates: number of candidate conditions of an example.
    """

    def __init__(
        self,
        job: TrainJob,
        recipe: Recipe,
        *,
        read: Callable[[list[SketchExample], Mapping[str, Table]], list[Example]],
        inputs: Callable[[Sequence[Example], Tokenizer], Arrays],
        targets: Callable[..., Arrays],
        candidates: Callable[[Example], int] = lambda example: 0,
    ) -> None:
        self.job, self.recipe, self._read = job, recipe, read
        self._inputs, self._targets, self._candidates = inputs, targets, candidates
        self.tokenizer = Tokenizer(recipe.encoder, partial(dataset_files.characters, job.dataset))
        self.tables = dataset.tables(job.dataset, "train")
        self._questions = dataset.questions(job.dataset, "train")
        self._rows: list[int] = training_rows(job).tolist()

    def _labelled(self, questions: Sequence[Question]) -> list[SketchExample]:
        return labelled(questions, self.tables, longest=self.tokenizer.longest)

    @cached_property
    def _sketch_examples(self) -> list[SketchExample]:
        return self._labelled([self._questions[row] for row in self._rows])

    @cached_property
    def examples(self) -> list[Example]:
        """The training questions, not augmented."""
        return self._read(self._sketch_examples, self.tables)

    @cached_property
    def views(self) -> list[list[Example]]:
        """Augmented views of the same questions."""
        views = (read_view(folder) for folder in self.job.views)
        return [self._read(self._labelled([view[row] for row in self._rows]), self.tables) for view in views]

    @cached_property
    def held_out(self) -> list[SketchExample]:
        """Some of the held-out questions, spread evenly."""
        return self._labelled([self._questions[row] for row in some_held_out_rows(self.job).tolist()])

    @cached_property
    def _held_out_batches(self) -> list[list[Example]]:
        examples = self._read(self.held_out, self.tables)
        counts = [self._candidates(each) for each in examples]
        batches = features.batches(self._shapes(self.held_out), counts)
        return [[examples[row] for row in rows] for rows in batches]

    def _shapes(self, examples: Sequence[SketchExample]) -> list[PaddedShape]:
        return [features.padded_shape([each], longest=self.tokenizer.longest) for each in examples]

    @lru_cache(maxsize=2)  # noqa: B019  (lives as long as its child process)
    def plan(self, epoch: int) -> list[np.ndarray]:
        """Rows of `examples` in each batch of an epoch: questions of one padded shape."""
        generator = np.random.default_rng([derive(self.job.seed, "batches"), epoch])
        batches: list[np.ndarray] = []
        shapes = self._shapes(self._sketch_examples)
        for shape in sorted(set(shapes)):
            rows = generator.permutation([row for row, other in enumerate(shapes) if other == shape])
            most = BATCH_PAIRS // (shape.tokens * shape.columns)
            size = max(1, min(self.recipe.training.batch_questions, most))
            batches += [rows[start : start + size] for start in range(0, len(rows), size)]
        return [batches[place] for place in generator.permutation(len(batches))]

    def draw(self, row: int, stage: Stage, generator: np.random.Generator) -> Example:
        """A training question or one of its views."""
        share = 0.0 if stage.plain else self.recipe.augmentation.share
        return record_or_view(self.examples, self.views, row, generator, share=share)

    def training(
        self,
        network: Any,
        losses: Mapping[str, Any],
        loss_weights: dict[str, float],
        batch: Callable[[Stage, int, int], Batch],
    ) -> Training:
        """The training of a network, its encoder started from a language model if the job has one."""
        if self.job.start:
            from tasks.text.language_model import start_encoder

            start_encoder(network.encoder, self.job.start, self.tokenizer)
        return Training(
            model=network.model,
            stages=self.recipe.training.stages,
            losses=dict(losses),
            loss_weights=loss_weights,
            batch=batch,
            steps_per_epoch=len(self.plan(0)),
            evaluate=self.evaluate,
            ema=self.recipe.training.ema,
        )

    def evaluate(self, model: Any) -> dict[str, float]:
        """`held_out_exact_heads`: the share of held-out questions whose every output is right.

        It bounds no decoded figure, but rises with it, and needs neither decoder nor database. The number of
        conditions counts only where it is learned (`sketch.counts`).
        """
        exact: list[np.ndarray] = []
        for batch in self._held_out_batches:
            outputs = model.predict_on_batch(self._inputs(batch, self.tokenizer))
            targets = self._targets(batch, longest=self.tokenizer.longest)
            if not self.recipe.sketch.counts:
                del targets["number"]
            exact.append(exact_heads(outputs, targets))
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
    return labels_of(query, text, columns=len(example.names), span_of=spans.__getitem__)


def masked_share(recipe: Recipe, stage: Stage) -> float:
    """Share of the questions whose names of columns a stage masks."""
    return recipe.sketch.hidden if recipe.sketch.matches and not stage.plain else 0.0
