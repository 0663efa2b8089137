"""Cross-validation: a recipe, trained for each fold once or with several seeds, becomes a member.

These are plain functions that a flow calls, since a subflow costs a second each.
"""

from typing import Any, NamedTuple

from flows.training.dataset import Future, Parts
from flows.training.part_scores import PartScores
from flows.training.repeated_trainings import by_fold, training_name, training_seed
from tasks.augment import augment
from tasks.encode import encode
from tasks.gather import gather
from tasks.mean import mean
from tasks.predict import predict
from tasks.train import train

AGAIN = "-again"
"""Ends the names of recipes and members of a second round."""


class ModelInputs(NamedTuple):
    """What a recipe's models read besides the dataset."""

    views: list[Future] = []
    """Augmented training records."""
    plain_views: list[Future] = []
    """Lightly augmented ones, for training stages that are `plain`."""
    for_training: dict[str, list[Future]] = {}
    """Encoded records by the name of their view."""
    for_prediction: dict[str, list[Future]] = {}
    """Encoded training records by the name of their view, for predictions of held-out ones."""
    of_test: dict[str, list[Future]] = {}
    """Encoded test records by the name of their view, where the trainings read them too."""


class Member(NamedTuple):
    """One recipe's models over all folds, and what they predict."""

    joined: Future
    """Of step `gather`: out-of-fold predictions."""
    models: list[Future]
    """Of step `train`: of each fold those of all seeds, one fold after another."""
    scores: dict[str, Future] = {}
    """Of step `average`, by part: `test` and, if there is one, `validation`."""
    test_predictions: list[Future] = []
    """Of step `predict`, one by each model; a single one if the models of all folds predict together."""
    recipe: Any = None
    """Its settings; None if they are not known."""
    inputs: ModelInputs = ModelInputs()
    """What its models read besides the dataset."""
    single: list[list[Future]] = []
    """Held-out predictions of single models, by fold and seed, where a member averages those of several."""
    seed_scores: list[Future] = []
    """Of step `evaluate`, by seed; empty of a single seed, and of members of earlier runs."""
    soup: dict[str, Any] | None = None
    """Of a mean of weights: what was averaged (`flows.blending.soup_choice.SoupChoice.summary`)."""

    @property
    def results(self) -> list[Future]:
        """The steps that complete the member."""
        return [self.joined, *self.scores.values(), *self.seed_scores]


class CrossValidation(NamedTuple):
    """The competition, settings, records and folds that all recipes of a run share."""

    competition: str
    config: Any
    """The competition's `Config`."""
    parts: Parts
    folds: Future

    @property
    def fold_indices(self) -> range:
        return range(self.config.folds.count)

    def of_part(self, part: str) -> PartScores:
        """The steps that predict validation or test records."""
        return PartScores(self.competition, part, self.parts.of(part), self.config.seed, self.config.run)

    @property
    def other_parts(self) -> list[str]:
        """Names of the parts besides the training part."""
        return ["test"] if self.parts.validation is None else ["validation", "test"]

    def views(self, recipe: Any, settings: dict[str, Any], count: int, *, kind: str = "view") -> list[Future]:
        """Augmented views of the training records; `settings`: the parts of the recipe that decide them."""
        inputs = (self.competition, recipe.name, settings, self.parts.of("train"), self.folds)
        options = {"kind": kind, "seed": self.config.seed, "run": self.config.run}
        return [augment.submit(*inputs, view=view, **options) for view in range(count)]

    def encoded(self, recipe: Any, settings: dict[str, Any], view: str, *, part: str = "train") -> Future:
        """One view of a part's records as models read it; `settings`: what decides it in the recipe."""
        inputs = (self.competition, recipe.name, settings, self.parts.of(part)[:1])
        return encode.submit(*inputs, part=part, view=view, seed=self.config.seed, run=self.config.run)

    def member(
        self,
        recipe: Any,
        inputs: ModelInputs,
        *,
        labels: list[Future] | None = None,
        of_test: bool = False,
        start: Future | list[Future] | None = None,
    ) -> Member:
        """Train models without each fold, one for each seed, and predict that fold and the other parts.

        Args:
            labels: for each fold, labels from a first round of models.
            of_test: whether the labels are of test records, so that the training reads these.
            start: a model that all trainings start from, or of each fold one for each seed.
        """
        models, single, held_out = list[Future](), list[list[Future]](), list[Future]()
        for fold in self.fold_indices:
            options: dict[str, Any] = {"of_test": of_test, "labels": labels[fold] if labels else None}
            own = by_fold(start, recipe.seeds)[fold] if isinstance(start, list) else [start] * recipe.seeds
            trained = [
                self.train(recipe, inputs, fold=fold, number=number, start=own[number], **options)
                for number in range(recipe.seeds)
            ]
            models += trained
            if recipe.together or recipe.seeds == 1:
                predicted = self.predict_held_out(recipe, inputs, trained, fold=fold, of=f"fold {fold}")
            else:
                single.append(self.predict_singly(recipe, inputs, trained, fold=fold))
                predicted = mean.submit(recipe.name, single[-1], part="held_out", of=f"fold {fold}")
            held_out.append(predicted)
        joined = gather.submit(self.competition, recipe.name, self.parts.train, self.folds, held_out)
        scores, predictions = {}, list[Future]()
        for part in self.other_parts:
            steps = self.of_part(part)
            predictions = steps.predictions(recipe, models, inputs.of_test if part == "test" else {})
            scores[part] = steps.averaged(recipe.name, joined, predictions)
        return Member(joined, models, scores, predictions, recipe, inputs, single)

    def predict_singly(
        self, recipe: Any, inputs: ModelInputs, models: list[Future], *, fold: int
    ) -> list[Future]:
        """Held-out predictions of a fold by each of its models alone."""
        return [
            self.predict_held_out(
                recipe, inputs, [model], fold=fold, of=training_name(fold, number, recipe.seeds)
            )
            for number, model in enumerate(models)
        ]

    def train(
        self,
        recipe: Any,
        inputs: ModelInputs,
        *,
        fold: int,
        beside: int | None = None,
        number: int = 0,
        labels: Future | None = None,
        of_test: bool = False,
        start: Future | None = None,
    ) -> Future:
        """Train a recipe's model on all folds but `fold`, and `beside` where that is given.

        Trainings that differ in `number` alone differ in their seed alone; views, encoded records and a model
        to start from are the same for all of them.
        """
        name = training_name(fold, number, recipe.seeds)
        return train.submit(
            self.competition,
            recipe.for_training(),
            [self.parts.train, *([self.parts.test] if of_test else [])],
            self.folds,
            inputs.views,
            inputs.plain_views,
            inputs.for_training,
            labels,
            start,
            fold=fold,
            beside=beside,
            of=name if beside is None else f"folds {fold} and {beside}",
            seed=training_seed(self.config.seed, fold, number),
            run=self.config.run,
        )

    def predict_held_out(
        self,
        recipe: Any,
        inputs: ModelInputs,
        models: list[Future],
        *,
        fold: int,
        beside: int | None = None,
        of: str,
    ) -> Future:
        """Predict the records of a fold; `beside` is a second fold that the models have not seen."""
        return predict.submit(
            self.competition,
            recipe.for_prediction(),
            self.parts.of("held_out"),
            self.folds,
            inputs.for_prediction,
            models,
            part="held_out",
            fold=fold,
            beside=beside,
            of=of,
            seed=self.config.seed,
            run=self.config.run,
        )


def second_round_recipe(recipe: Any) -> Any:
    """The recipe as a second round trains it, under the name that it has there."""
    return recipe.for_second_round().model_copy(update={"name": f"{recipe.name}{AGAIN}"})
