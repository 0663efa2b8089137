"""Several trainings of each fold that differ in their seed alone: their seeds, their names, their order."""

from collections.abc import Sequence
from typing import TypeVar

from tasks.learning.seeds import derive, fold_seed

OfTraining = TypeVar("OfTraining")


def training_seed(seed: int, fold: int, number: int) -> int:
    """The seed of the training of this number in a fold.

    That of number 0 is the seed of a fold's only training, so that more trainings leave it in the cache.
    """
    return derive(seed, "fold", fold, "training", number) if number else fold_seed(seed, fold)


def training_name(fold: int, number: int, count: int) -> str:
    """What a training is called in labels and reports; `count` is the number of trainings of its fold.

    >>> training_name(2, 0, 1), training_name(2, 0, 3)
    ('fold 2', 'fold 2 seed 0')
    """
    return f"fold {fold}" if count == 1 else f"fold {fold} seed {number}"


def by_fold(trainings: Sequence[OfTraining], count: int) -> list[list[OfTraining]]:
    """What belongs to the trainings of each fold; the sequence has `count` entries of one fold after another.

    >>> by_fold(["a", "b", "c", "d"], 2)
    [['a', 'b'], ['c', 'd']]
    """
    return [list(trainings[first : first + count]) for first in range(0, len(trainings), count)]
