"""The choice of the members whose weights are averaged, and how good their soup is, by out-of-fold scores."""

from typing import Any, Literal

import numpy as np

from flows.blending.soup_ingredients import Ingredients
from flows.blending.soups import Soups
from tasks.learning.ensemble.evaluation import Evaluation, Evaluator
from tasks.learning.ensemble.greedy_soup import Soup, greedy_soup, nested_soup

Method = Literal["uniform", "greedy"]


class SoupChoice:
    """The soups of some members, chosen and compared by the competition's metric."""

    def __init__(self, soups: Soups, evaluator: Evaluator, ingredients: Ingredients) -> None:
        self._soups, self._evaluator, self._members = soups, evaluator, ingredients.members
        self._evaluations: dict[Soup, Evaluation] = {
            (index,): each.evaluation
            for index, each in enumerate(self._members.values())
            if each.seeds == 1  # else the soup of its seeds is not the mean of their predictions
        }

    def chosen(self, method: Method) -> Soup:
        """All members, or those that are chosen greedily."""
        count = len(self._members)
        if method == "uniform":
            return tuple(range(count))
        return greedy_soup(count, lambda soup: self._evaluation(soup).score.signed)

    def _evaluation(self, soup: Soup) -> Evaluation:
        if soup not in self._evaluations:
            self._evaluations[soup] = self._evaluator.evaluate(self._soups.values(soup))
        return self._evaluations[soup]

    def summary(self, chosen: Soup, method: Method) -> dict[str, Any]:
        """What provenance and report hold of a soup, as JSON.

        The method; each ingredient with its digest, its score and whether it was `chosen`; the soup's score;
        its gain over the best ingredient; and, where the choice was greedy, score and gain of soups that are
        chosen for each fold on the other folds (`nested`).
        """
        ingredients = {
            name: {
                "member": each.member.model_dump(),
                "score": each.evaluation.score._asdict(),
                "chosen": index in chosen,
            }
            for index, (name, each) in enumerate(self._members.items())
        }
        evaluation = self._evaluation(chosen)
        return {
            "method": method,
            "ingredients": ingredients,
            "score": evaluation.score._asdict(),
            "gain": self._gain(self._soups.values(chosen), evaluation),
            "nested": self._nested() if method == "greedy" and self._soups.count(chosen) > 1 else None,
        }

    def _gain(self, values: Any, evaluation: Evaluation) -> dict[str, Any]:
        """How much better these values are than those of the best ingredient, with the standard error."""
        name, best = next(iter(self._members.items()))
        others = self._soups.of_member(0), best.evaluation
        return {"over": name, **self._evaluator.difference(values, evaluation, *others)._asdict()}

    def _nested(self) -> dict[str, Any]:
        """Score and gain of soups that are chosen for each fold on the other folds."""

        def score(soup: Soup, rows: np.ndarray) -> float:
            return self._evaluator.train(self._soups.values(soup)[rows], rows).signed

        values = nested_soup(len(self._members), self._soups.folds, score, self._soups.values)
        evaluation = self._evaluator.evaluate(values)
        return {"score": evaluation.score._asdict(), "gain": self._gain(values, evaluation)}
