"""Cross-validation: a recipe, trained and predicted once for each fold, becomes a member.

These are plain functions that a flow calls, since a subflow costs a second each.
"""

from typing import Any, NamedTuple

from tasks.augment import augment
from tasks.encode import encode
from tasks.gather import gather
from tasks.learning.seeds import fold_seed
from tasks.predict import predict
from tasks.train import train

Future = Any
"""Future of a step's artifact; the artifact itself in a trial of a search, a placeholder in a plan."""
AGAIN = "-again"
"""Ends the names of recipes and members of a second round."""


class Member(NamedTuple):
    """One recipe's models over all folds, and what they predict."""

    joined: Future
    """Of step `gather`: the member's predictions."""
    predictions: list[Future]
    """Of step `predict`, by fold."""
    models: list[Future]
    """Of step `train`, by fold."""


class ModelInputs(NamedTuple):
    """What a recipe's models read besides the dataset."""

    views: list[Future] = []
    """Augmented training records."""
    plain_views: list[Future] = []
    """Lightly augmented ones, for training stages that are `plain`."""
    for_training: dict[str, Future] = {}
    """Encoded records by the name of their view."""
    for_prediction: dict[str, Future] = {}
    """Encoded records by the name of their view."""


class CrossValidation(NamedTuple):
    """The competition, settings, records and folds that all recipes of a run share."""

    competition: str
    config: Any
    """The competition's `Config`."""
    dataset: Future
    folds: Future

    @property
    def fold_indices(self) -> range:
        return range(self.config.folds.count)

    def views(self, recipe: Any, settings: dict[str, Any], count: int, *, kind: str = "view") -> list[Future]:
        """Augmented views of the training records; `settings`: the parts of the recipe that decide them."""
        inputs = (self.competition, recipe.name, settings, self.dataset, self.folds)
        options = {"kind": kind, "seed": self.config.seed, "run": self.config.run}
        return [augment.submit(*inputs, view=view, **options) for view in range(count)]

    def encoded(self, recipe: Any, settings: dict[str, Any], view: str) -> Future:
        """One view of all records as models read it; `settings`: the parts of the recipe that decide it."""
        inputs = (self.competition, recipe.name, settings, self.dataset)
        return encode.submit(*inputs, view=view, seed=self.config.seed, run=self.config.run)

    def member(
        self,
        recipe: Any,
        inputs: ModelInputs,
        *,
        labels: list[Future] | None = None,
        start: Future | None = None,
        together: bool = False,
    ) -> Member:
        """Train a model without each fold, predict that fold with it, and join the predictions.

        Args:
            labels: for each fold, labels from a first round of models.
            start: a model that all trainings start from.
            together: the models predict validation and test records in one step, agreeing on scores before
                they become candidates; else each predicts them, and the scores are averaged.
        """
        models, predictions = list[Future](), list[Future]()
        other_parts = ["validation", "test"]
        parts = ["held_out"] if together else ["held_out", *other_parts]
        for fold in self.fold_indices:
            of, fold_labels = f"fold {fold}", labels[fold] if labels else None
            models.append(self.train(recipe, inputs, fold=fold, labels=fold_labels, start=start))
            predictions.append(self.predict(recipe, inputs, models[-1:], parts=parts, fold=fold, of=of))
        others = predictions
        if together:
            others = [self.predict(recipe, inputs, models, parts=other_parts, fold=None, of="all folds")]
        joined = gather.submit(self.competition, recipe.name, self.dataset, self.folds, predictions, others)
        return Member(joined, predictions, models)

    def train(
        self,
        recipe: Any,
        inputs: ModelInputs,
        *,
        fold: int,
        beside: int | None = None,
        labels: Future | None = None,
        start: Future | None = None,
    ) -> Future:
        """Train a recipe's model on all folds but `fold`, and `beside` where that is given."""
        return train.submit(
            self.competition,
            recipe.for_training(),
            self.dataset,
            self.folds,
            inputs.views,
            inputs.plain_views,
            inputs.for_training,
            labels,
            start,
            fold=fold,
            beside=beside,
            of=f"fold {fold}" if beside is None else f"folds {fold} and {beside}",
            seed=fold_seed(self.config.seed, fold),
            run=self.config.run,
        )

    def predict(self, recipe: Any, inputs: ModelInputs, models: list[Future], **options: Any) -> Future:
        """Predict with one model or several; `options` are `parts`, `fold`, `beside` and `of` of the step."""
        return predict.submit(
            self.competition,
            recipe.for_prediction(),
            self.dataset,
            self.folds,
            inputs.for_prediction,
            models,
            **options,
            seed=self.config.seed,
            run=self.config.run,
        )


def second_round_recipe(recipe: Any) -> Any:
    """The recipe under the name that it has in a second round."""
    return recipe.model_copy(update={"name": f"{recipe.name}{AGAIN}"})
