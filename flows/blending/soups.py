"""Soups of given members: the steps that make and predict them, and their out-of-fold values."""

import json
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from flows.blending.soup_ingredients import Ingredients
from flows.runtime.await_steps import results_of
from flows.training.cross_validation import CrossValidation, Member, ModelInputs
from flows.training.dataset import Future
from tasks.average_weights import average_weights
from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.gather import gather
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.greedy_soup import Soup
from tasks.learning.ensemble.members import best_head_share, blend_heads, join

SOUPS_IN_MEMORY = 4
"""Soups whose out-of-fold values are kept, since the next choice may need them again."""


class Soups:
    """Soups of members by the indices of these; each is made and predicted once, when it is needed."""

    def __init__(self, validation: CrossValidation, ingredients: Ingredients) -> None:
        self._validation, self._recipe = validation, ingredients.recipe
        self._names, self._ingredients = list(ingredients.members), list(ingredients.members.values())
        self._steps: dict[Soup, tuple[list[Future], list[Future]]] = {}
        self.values = lru_cache(maxsize=SOUPS_IN_MEMORY)(self._values)

    @cached_property
    def train(self) -> Artifact:
        """The training records."""
        artifact: Artifact = results_of([self._validation.parts.train])[0]
        return artifact

    @cached_property
    def folds(self) -> np.ndarray:
        """(n,) the fold of each training record."""
        return np.asarray(np.load(self._folds.path / "folds.npy"))

    @cached_property
    def _folds(self) -> Artifact:
        artifact: Artifact = results_of([self._validation.folds])[0]
        return artifact

    @cached_property
    def _inputs(self) -> ModelInputs:
        """The training records as the models read them."""
        views = self._recipe.encodings().items()
        encoded = {view: [self._validation.encoded(self._recipe, each, view)] for view, each in views}
        return ModelInputs(for_prediction=encoded)

    def _values(self, soup: Soup) -> Any:
        """Out-of-fold values of all training records; waits for the steps."""
        if self.count(soup) == 1:
            return self.of_member(soup[0])
        models, predictions = self._predicted(soup)
        encoded = [each for view in self._inputs.for_prediction.values() for each in view]
        *_, held_out = results_of(encoded), results_of(models), results_of(predictions)
        return self._joined(held_out)

    def of_member(self, index: int) -> Any:
        """Out-of-fold values of a member as it is: where it has several seeds, their mean predictions."""
        return prediction_files.read(self._ingredients[index].member.path, "out_of_fold").values

    def count(self, soup: Soup) -> int:
        """Number of models of each fold whose weights are averaged."""
        return sum(self._ingredients[index].seeds for index in soup)

    def _joined(self, held_out: Sequence[Artifact]) -> Any:
        """Predictions of all folds, joined as by step `gather`, whose artifacts are listed as members."""
        ids = json.loads((self._folds.path / "ids.json").read_text("utf-8"))
        scorer = find(self._validation.competition).scorer(self.train.path)
        values = join([prediction_files.read(each.path, "held_out") for each in held_out], ids, self.folds)
        return blend_heads(values, best_head_share(values, lambda each: scorer(each).signed))

    def _predicted(self, soup: Soup) -> tuple[list[Future], list[Future]]:
        """The soup's models by fold, and their predictions of the held-out records."""
        if soup not in self._steps:
            names = " + ".join(self._names[index] for index in soup)
            models, held_out = list[Future](), list[Future]()
            for fold in self._validation.fold_indices:
                of = f"fold {fold} of {names}"
                averaged = [model for index in soup for model in self._ingredients[index].models[fold]]
                models.append(average_weights.submit(self._recipe.name, averaged, of=of))
                held_out.append(
                    self._validation.predict_held_out(
                        self._recipe, self._inputs, [models[-1]], fold=fold, of=of
                    )
                )
            self._steps[soup] = models, held_out
        return self._steps[soup]

    def member(self, soup: Soup) -> Member:
        """The soup as a member that has predicted all parts."""
        models, held_out = self._predicted(soup)
        validation, name = self._validation, self._recipe.name
        joined = gather.submit(validation.competition, name, validation.parts.train, self._folds, held_out)
        scores = {}
        for part in validation.other_parts:
            steps = validation.of_part(part)
            scores[part] = steps.averaged(name, joined, steps.predictions(self._recipe, models))
        return Member(joined, models, scores, recipe=self._recipe)
