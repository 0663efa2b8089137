"""Scores of validation or test records by trained models: the same steps after a training and years later."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flows.training.repeated_trainings import training_name
from tasks.average import average
from tasks.encode import encode
from tasks.predict import predict

Future = Any
"""As in `flows.training.dataset`."""


class PartScores(NamedTuple):
    """The steps that predict one part, with competition and seed of the run that trained the models."""

    competition: str
    part: str
    """`validation` or `test`."""
    dataset: list[Future]
    """The part and what is common to all parts."""
    seed: int
    run: Any
    """The settings of the machine (`tasks.core.config.Run`)."""

    def encoded(self, recipe: Any, view: str, settings: dict[str, Any]) -> Future:
        """A view of the part's records as the recipe's models read it."""
        inputs = (self.competition, recipe.name, settings, self.dataset[:1])
        return encode.submit(*inputs, part=self.part, view=view, seed=self.seed, run=self.run)

    def predictions(
        self, recipe: Any, models: list[Future], encoded: Mapping[str, list[Future]] | None = None
    ) -> list[Future]:
        """Predictions of the part: of each model, or one on which the models of all folds and seeds agree.

        Args:
            models: of each fold those of all seeds, one fold after another.
            encoded: views of the part's records that are encoded already.
        """
        known = encoded or {}
        inputs = {
            view: known.get(view) or [self.encoded(recipe, view, settings)]
            for view, settings in recipe.encodings().items()
        }
        if recipe.together:
            return [self._predict(recipe, inputs, models, of=self.part)]
        return [
            self._predict(recipe, inputs, [model], of=f"{self.part}, {self._of(recipe, index)}")
            for index, model in enumerate(models)
        ]

    @staticmethod
    def _of(recipe: Any, index: int) -> str:
        """What the training of the model at this place is called."""
        fold, number = divmod(index, recipe.seeds)
        return training_name(fold, number, recipe.seeds)

    def _predict(
        self, recipe: Any, inputs: dict[str, list[Future]], models: list[Future], *, of: str
    ) -> Future:
        return predict.submit(
            self.competition,
            recipe.for_prediction(),
            self.dataset,
            None,
            inputs,
            models,
            part=self.part,
            fold=None,
            of=of,
            seed=self.seed,
            run=self.run,
        )

    def averaged(self, name: str, member: Future, predictions: list[Future]) -> Future:
        """The member's scores of the part."""
        return average.submit(name, member, predictions, part=self.part)
