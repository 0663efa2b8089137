"""The one cross-validation code path: a recipe over all folds becomes a member.

A plain function that a flow calls, since a subflow costs a second each.
"""

from typing import Any, NamedTuple

from tasks.augment import augment
from tasks.core.config import Run
from tasks.encode import encode
from tasks.gather import gather
from tasks.predict import predict
from tasks.train import train


class Member(NamedTuple):
    """Futures of one recipe's work: the joined scores, and each fold's scores and model."""

    joined: Any
    scores: list[Any]
    models: dict[str, Any]


class Views(NamedTuple):
    """Futures of what a recipe's models read: training views, lighter ones, test-time views by name."""

    full: list[Any]
    plain: list[Any]
    encoded: dict[str, Any]


def cross_validate(
    competition: str,
    recipe: Any,
    dataset: Any,
    folds: Any,
    config: Any,
    *,
    pseudo: list[Any] | None = None,
) -> Member:
    """Train a recipe's model on all but one fold, predict that one, for each fold, and join."""
    seed, run = config.seed, config.run
    views = frozen_views(competition, recipe, dataset, folds, seed=seed, run=run)
    learned = {name: view for name, view in views.encoded.items() if name == "identity" or not recipe.views}
    shown = {name: views.encoded[name] for name in recipe.test_time.views if name in views.encoded}
    of_training = (competition, recipe.for_training(), dataset, folds, views.full, views.plain, learned)
    of_prediction = (competition, recipe.for_prediction(), dataset, folds, shown)
    scores, models = [], {}
    for fold in range(config.folds.count):
        given = pseudo[fold] if pseudo else None
        model = train.submit(*of_training, given, fold=fold, seed=fold_seed(seed, fold), run=run)
        models[f"{recipe.name}, fold {fold}"] = model
        scores.append(predict.submit(*of_prediction, model, fold=fold, seed=seed, run=run))
    return Member(gather.submit(competition, recipe.name, dataset, folds, scores), scores, models)


def frozen_views(competition: str, recipe: Any, dataset: Any, folds: Any, *, seed: int, run: Run) -> Views:
    """What the frozen part of a recipe makes of the records; nothing when all of it learns."""
    if not recipe.trunk.cut:
        return Views([], [], {})
    is_plain = any(stage.plain for stage in recipe.training.stages)

    def views(kind: str) -> list[Any]:
        return [
            augment.submit(
                competition,
                recipe.name,
                recipe.trunk,
                recipe.augmentation,
                dataset,
                folds,
                view=view,
                kind=kind,
                seed=seed,
                run=run,
            )
            for view in range(recipe.views)
        ]

    names = dict.fromkeys(("identity", *recipe.test_time.views))
    encoded = {
        name: encode.submit(competition, recipe.name, recipe.trunk, dataset, view=name, seed=seed, run=run)
        for name in names
    }
    return Views(views("view"), views("plain") if is_plain else [], encoded)


def fold_seed(seed: int, fold: int) -> int:
    """Folds differ in their seed, so that their models err differently."""
    return seed * 1000 + fold
