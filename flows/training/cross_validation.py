"""The one cross-validation code path: a recipe over all folds becomes a member.

A plain function that a flow calls, since a subflow costs a second each.
"""

from typing import Any, NamedTuple

from tasks.gather import gather
from tasks.predict import predict
from tasks.train import train


class Member(NamedTuple):
    """Futures of one recipe's work: the joined scores, and each fold's scores and model."""

    joined: Any
    scores: list[Any]
    models: dict[str, Any]


class Readings(NamedTuple):
    """Futures of what a recipe's models read, beside the dataset."""

    views: list[Any] = []
    """Augmented training records."""
    plain: list[Any] = []
    """Lightly augmented ones, for stages that are `plain`."""
    learned: dict[str, Any] = {}
    """Encoded records that trainings read, by the name of their view."""
    shown: dict[str, Any] = {}
    """Encoded records that predictions read."""


def cross_validate(
    competition: str,
    recipe: Any,
    readings: Readings,
    dataset: Any,
    folds: Any,
    config: Any,
    *,
    labels: list[Any] | None = None,
    start: Any = None,
    together: bool = False,
) -> Member:
    """Train a recipe's model on all but one fold, predict that one, for each fold, and join.

    Args:
        labels: for each fold, what a first round says of records, for a second one.
        start: a model that all trainings start from.
        together: the folds' models predict validation and test records in one step, agreeing on scores
            before they become candidates; else each predicts them, and the scores are averaged.
    """
    scores, models = [], {}
    parts = ["held_out"] if together else ["held_out", "validation", "test"]
    shown = (competition, recipe.for_prediction(), dataset, folds, readings.shown)
    for fold in range(config.folds.count):
        of = f"fold {fold}"
        given = labels[fold] if labels else None
        model = train_fold(
            competition, recipe, readings, dataset, folds, config, fold=fold, labels=given, start=start
        )
        models[f"{recipe.name}, {of}"] = model
        options = {"fold": fold, "of": of, "seed": config.seed, "run": config.run}
        scores.append(predict.submit(*shown, [model], parts=parts, **options))
    others = scores
    if together:
        options = {"fold": None, "of": "all folds", "seed": config.seed, "run": config.run}
        others = [predict.submit(*shown, list(models.values()), parts=["validation", "test"], **options)]
    joined = gather.submit(competition, recipe.name, dataset, folds, scores, others)
    return Member(joined, scores, models)


def train_fold(
    competition: str,
    recipe: Any,
    readings: Readings,
    dataset: Any,
    folds: Any,
    config: Any,
    *,
    fold: int,
    beside: int | None = None,
    labels: Any = None,
    start: Any = None,
) -> Any:
    """Train a recipe's model on all folds but `fold`, and `beside` where that is given."""
    return train.submit(
        competition,
        recipe.for_training(),
        dataset,
        folds,
        readings.views,
        readings.plain,
        readings.learned,
        labels,
        start,
        fold=fold,
        beside=beside,
        of=f"fold {fold}" if beside is None else f"folds {fold} and {beside}",
        seed=fold_seed(config.seed, fold),
        run=config.run,
    )


def fold_seed(seed: int, fold: int) -> int:
    """Folds differ in their seed, so that their models err differently."""
    return seed * 1000 + fold
